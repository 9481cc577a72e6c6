//! Limits.

/// Most CPUs.
pub const MAX_CPUS: usize = kcore::settings::MAX_CPUS as usize;
/// Most tasks alive at once, with the idle task of each CPU.
pub const MAX_TASKS: usize = 256;
/// Tasks whose names are remembered when they have ended.
pub const REMEMBERED_NAMES: usize = 1024;
/// Stores of each CPU that are kept while no experiment runs.
pub const STORES_TRACED: usize = 4096;
/// Bytes of a task's stack.
pub const TASK_STACK: usize = 32 << 10;
/// Bytes of the stacks for double faults and non-maskable interrupts.
pub const FAULT_STACK: usize = 16 << 10;
/// Most tasklets that are to run on a CPU at once.
pub const MAX_TASKLETS: usize = 64;
/// Most timers that are to run at once.
pub const MAX_TIMERS: usize = 256;
/// Most works that wait in a work queue.
pub const MAX_WORKS: usize = 256;
/// How long a task runs while others wait for its CPU: a tick of 1 kHz.
pub const SLICE_MICROSECONDS: u64 = 1000;
/// How often a CPU that has nothing to do looks for something before it halts: about as long as another CPU
/// needs to wake it from that.
pub const IDLE_LOOKS: u32 = 64;
/// How long an application processor may take to report itself: a second and a half at 4 GHz, as a
/// [`Patience`](crate::arch::smp::Patience), since the host's thread for it may have to wait for a core.
/// It usually takes a few milliseconds.
pub const AP_PATIENCE_CYCLES: u64 = 6_000_000_000;
/// How long one may take that has begun: it has its stack and its number, so there is no going on without it.
pub const AP_LAST_PATIENCE_CYCLES: u64 = 7 * AP_PATIENCE_CYCLES;
/// Ranges of usable memory that are kept; what a more ragged map has beyond is not used.
pub const MAX_MEMORY_RANGES: usize = 64;
