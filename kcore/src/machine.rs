//! The seam: what an idea needs from a machine.
//!
//! The kernel implements these traits with real CPUs, host tests with threads, the model checker with loom. All
//! dispatch is static, so a primitive compiled for the kernel is as small as one written for it.
//!
//! | trait | what it gives |
//! |---|---|
//! | [`AtomicFlag`] | the one atomic test-and-set that every primitive stands on |
//! | [`Cpu`] | which CPU, interrupts, PAUSE, clock |
//! | [`Sched`] | which task, block, wake |
//! | [`Memory`] | kmalloc and kfree with an account |
//! | [`Hooks`] | who wants to hear of accesses to shared memory and of lock events |

use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

use serde::{Deserialize, Serialize};

use crate::errno::Errno;

/// A CPU, counted from 0 (the one that booted) in the order in which the firmware lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CpuId(pub u32);

/// A task. Never used twice while the machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u32);

/// One bit with an atomic exchange: the only atomic operation that the primitives are built from.
///
/// `swap` must be atomic and take part in the single modification order of the flag (x86: `xchg`, Intel SDM vol. 3A,
/// 10.1.2.2).
pub trait AtomicFlag: Send + Sync {
    /// A flag that is `set` or clear.
    fn new(set: bool) -> Self;
    /// Stores `set` and returns what was there before, in one atomic step.
    fn swap(&self, set: bool, order: Ordering) -> bool;
    /// Reads the flag.
    fn load(&self, order: Ordering) -> bool;
    /// Writes the flag.
    fn store(&self, set: bool, order: Ordering);
}

impl AtomicFlag for AtomicBool {
    #[inline]
    fn new(set: bool) -> Self {
        AtomicBool::new(set)
    }
    #[inline]
    fn swap(&self, set: bool, order: Ordering) -> bool {
        AtomicBool::swap(self, set, order)
    }
    #[inline]
    fn load(&self, order: Ordering) -> bool {
        AtomicBool::load(self, order)
    }
    #[inline]
    fn store(&self, set: bool, order: Ordering) {
        AtomicBool::store(self, set, order);
    }
}

/// In what the CPU runs the caller (LKD ch. 7 and 8). The later ones interrupt the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// A task: process context. It may sleep, unless it has made itself atomic.
    Task,
    /// A softirq, and so a tasklet or a timer. It must not sleep.
    Softirq,
    /// An interrupt handler. It must not sleep.
    Hardirq,
}

/// The CPU that executes the caller.
///
/// What a task switches off it switches on again as often; the calls nest. Machines without preemption or softirqs keep
/// the defaults, which do nothing.
pub trait Cpu {
    /// The atomic flag of this machine.
    type Flag: AtomicFlag;
    /// The CPU that runs this code. Without preemption it stays the same until the task blocks.
    fn cpu() -> CpuId;
    /// Switches interrupts off on this CPU and returns whether they were on.
    fn irq_save() -> bool;
    /// Switches interrupts back on if `were_on`.
    fn irq_restore(were_on: bool);
    /// Tells the CPU that it is in a spin loop (x86: `pause`).
    fn relax();
    /// A clock that never goes back on one CPU, in cycles (x86: the TSC).
    fn cycles() -> u64;
    /// The running task keeps the CPU, except against interrupts (Linux: `preempt_disable`).
    #[inline(always)]
    fn preempt_disable() {}
    /// The reverse. Another task may run before this returns.
    #[inline(always)]
    fn preempt_enable() {}
    /// No softirq runs on this CPU (Linux: `local_bh_disable`). The running task keeps the CPU, too.
    #[inline(always)]
    fn bh_disable() {}
    /// The reverse. Softirqs that were raised meanwhile run before this returns.
    #[inline(always)]
    fn bh_enable() {}
    /// In what the caller runs.
    #[inline(always)]
    fn context() -> Context {
        Context::Task
    }
}

/// What ends a sleep besides the event that it waits for (Linux: `TASK_UNINTERRUPTIBLE`, `TASK_KILLABLE`,
/// `TASK_INTERRUPTIBLE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sleep {
    /// Nothing.
    Uninterruptible,
    /// A signal that kills the task.
    Killable,
    /// Any signal.
    Interruptible,
}

/// The scheduler, as a task sees it.
pub trait Sched: Cpu {
    /// The task that runs this code.
    fn task() -> TaskId;
    /// Puts the task to sleep until somebody calls [`wake`](Sched::wake) for it.
    ///
    /// A wake that comes first is not lost: it is kept (one, not a count) and the next `block` returns at once. A `block`
    /// may also return for no reason, so callers test their condition in a loop.
    fn block();
    /// [`block`](Sched::block), but not past `deadline` on the clock of [`Cpu::cycles`]. May return early, as `block` may.
    fn block_until(deadline: u64);
    /// Whether the running task has a signal that ends a sleep of this kind. The signal stays: whoever returns to the
    /// task's main loop takes it. A signal that arrives wakes its task, so a sleeper asks again after each `block`.
    fn interrupted(_sleep: Sleep) -> bool {
        false
    }
    /// The caller may sleep now, whether it does so this time or not (Linux: `might_sleep`). A machine that keeps watch
    /// objects where nobody may.
    #[inline(always)]
    #[track_caller]
    fn might_sleep() {}
    /// Makes `task` runnable, or keeps the wake-up for its next [`block`](Sched::block).
    fn wake(task: TaskId);
    /// Lets other tasks of this CPU run.
    fn yield_now();
    /// Whether `task` runs on some CPU at this moment, as far as the machine knows: to spin for what it has is worth while
    /// then (Linux: `owner_on_cpu`). A hint, outdated when it returns.
    #[inline(always)]
    fn is_running(_task: TaskId) -> bool {
        true
    }
}

/// What a block of memory is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Kind {
    /// A list item of a scull device (LDD3's `struct scull_qset`).
    Node,
    /// The array of quantum pointers of a list item.
    Array,
    /// A quantum: the bytes of the device.
    Quantum,
    /// Whatever else the kernel allocates.
    Other,
}

impl Kind {
    /// The kinds that make up a scull device, in the order of the reports.
    pub const SCULL: [Kind; 3] = [Kind::Node, Kind::Array, Kind::Quantum];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Node => "node",
            Kind::Array => "array",
            Kind::Quantum => "quantum",
            Kind::Other => "other",
        })
    }
}

/// Every byte of a block that was allocated and not yet written.
pub const POISON_FRESH: u8 = 0x5a;
/// Every byte of a block that was freed (the value of Linux's `POISON_FREE`).
pub const POISON_FREED: u8 = 0x6b;

/// What [`Memory::free`] found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFree {
    /// The block was freed before.
    Double,
    /// No block starts at this address.
    Unknown,
}

/// kmalloc and kfree with an account of every block.
///
/// # Safety
/// An implementor promises that a block is `size` bytes long, aligned to 16, disjoint from every other live block, and
/// that a freed block stays mapped and is not handed out again while an experiment runs or somebody [keeps](Memory::keep)
/// freed blocks (quarantine): the racy device really does touch memory after it was freed, and must find poison there, not
/// somebody else's data.
pub unsafe trait Memory {
    /// A block of `size` bytes, each [`POISON_FRESH`]. [`Errno::ENOMEM`] when there is none; nothing changed then.
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno>;
    /// Gives a block back; its bytes become [`POISON_FREED`]. A wrong address is reported, counted and survived.
    ///
    /// # Safety
    /// Nobody keeps a Rust reference into the block. (Raw pointers may dangle: see the trait's promise.)
    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree>;

    /// How many bytes long a block is, as it was asked for (Linux: `ksize`). Takes no lock.
    ///
    /// # Safety
    /// [`allocate`](Memory::allocate) gave the block, and it is still mapped: it lives, or it was freed and is kept. Whoever
    /// did not allocate it has its address from an atomic load.
    unsafe fn size(block: NonNull<u8>) -> usize;

    /// While one of these exists, no freed block of the kinds that make up a scull device is handed out again.
    type Keep: Send + Sync + 'static;

    /// Keeps freed blocks. Whoever may meet one in a device that does not keep others out has one of these from before it
    /// enters until after it has left, and so has everybody who frees blocks of that device.
    fn keep() -> Self::Keep;
}

/// The size of a block, in front of it, as implementors of [`Memory`] may keep it: it is written before the block is known
/// and never changes.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct BlockSize {
    bytes: AtomicUsize,
    /// For the allocator: how far behind the start of its memory the block begins.
    offset: usize,
}

impl BlockSize {
    /// For a block of `bytes` bytes that begins `offset` bytes behind the start of its memory. The caller writes it before
    /// it tells anybody where the block is.
    pub fn new(bytes: usize, offset: usize) -> Self {
        BlockSize { bytes: AtomicUsize::new(bytes), offset }
    }

    /// The offset of the block that begins where this ends.
    ///
    /// # Safety
    /// As for [`of`](BlockSize::of); and the caller is the allocator, which has got the block back.
    pub unsafe fn offset_of(block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        let prefix = unsafe { block.cast::<BlockSize>().sub(1) };
        // SAFETY: as above.
        unsafe { prefix.as_ref() }.offset
    }

    /// The size of the block that begins where this ends.
    ///
    /// # Safety
    /// There is a `BlockSize` directly in front of `block`, and after it was written a release fence came before the
    /// block's address was stored for others.
    pub unsafe fn of(block: NonNull<u8>) -> usize {
        // Together with the release fence: whoever loaded the address sees what was written before it was stored, although
        // neither of the two accesses orders anything. On x86-64 neither fence is an instruction.
        fence(Ordering::Acquire);
        // SAFETY: the caller's promise.
        let prefix = unsafe { block.cast::<BlockSize>().sub(1) };
        // SAFETY: as above; it stays as long as its block, and it is never written again.
        unsafe { prefix.as_ref() }.bytes.load(Ordering::Relaxed)
    }
}

/// A place in the program where a task touches something shared, without saying how: `slot`, `size`, `copy`.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// The name, as scripts and reports write it.
    pub name: &'static str,
}

impl Site {
    /// A site called `name`.
    pub const fn new(name: &'static str) -> Self {
        Site { name }
    }
}

/// What happens at a [`Site`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A load of a [`Shared`](crate::shared::Shared) location. Written `slot.load`.
    Load,
    /// A store of `value` (a pointer or a number). Written `slot.store`.
    Store(usize),
    /// A named probe without an access. Written as the site's bare name.
    Pass,
}

/// One access to shared memory, or one named probe: what a task is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Where.
    pub site: &'static Site,
    /// What.
    pub op: Op,
    /// The address of the location (0 for [`Op::Pass`]).
    pub address: usize,
    /// The source line.
    pub location: &'static Location<'static>,
}

impl Access {
    /// Whether `point` (as in `slot.load`, `slot.store`, `copy`) names this access.
    pub fn is(&self, point: &str) -> bool {
        let rest = match point.strip_prefix(self.site.name) {
            Some(rest) => rest,
            None => return false,
        };
        match self.op {
            Op::Load => rest == ".load",
            Op::Store(_) => rest == ".store",
            Op::Pass => rest.is_empty(),
        }
    }
}

/// What happens to an observed lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockEvent {
    /// The task found the lock taken and is about to spin or sleep.
    Wait,
    /// The task has the lock.
    Acquired,
    /// The task is about to give the lock back.
    Release,
    /// The task stops waiting and has no lock: a signal or a deadline came first, or what it waited for is nothing to have
    /// (the condition of a [`WaitQueue`](crate::sync::WaitQueue)).
    GaveUp,
}

/// How a primitive waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It spins; its holder must not sleep.
    Spins,
    /// It sleeps, until whoever has the lock gives it back.
    Sleeps,
    /// It sleeps until somebody says so, whoever that is: a completion or a semaphore that signals. Who acquired it last
    /// does not have it in any sense, so no deadlock is deduced from that.
    Event,
}

/// The name and class of a lock. Locks of one class are taken by the same rules (`docs/LOCK_ORDER.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockName {
    /// This lock: `scull0.lock`.
    pub name: &'static str,
    /// All locks of its kind: `scull.lock`.
    pub class: &'static str,
    /// Spinning or sleeping.
    pub waiting: Waiting,
}

bitflags::bitflags! {
    /// Who is listening. Checked before each hook is called: one relaxed load and one predictable branch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Listeners: u8 {
        /// A probe mode is active: call [`Hooks::access`] for every access and every named probe, and
        /// [`Hooks::lock`] for every lock event.
        const PROBE = 1;
        /// Stores are logged: call [`Hooks::access`] for every store.
        const TRACE = 2;
        /// The wait-for graph is kept: call [`Hooks::lock`] for every lock event.
        const WATCH = 4;
        /// Somebody asks what each task holds: call [`Hooks::lock`] for every lock event.
        const HELD = 8;
    }
}

/// The three hooks that everything later hangs on: accesses, lock events, allocations (the last in [`Memory`]).
pub trait Hooks {
    /// Who is listening now.
    #[inline]
    fn listeners() -> Listeners {
        Listeners::empty()
    }
    /// A task is about to make `access`. May put the task to sleep.
    fn access(_access: &Access) {}
    /// Something happens to the lock at `address`.
    fn lock(_event: LockEvent, _lock: &LockName, _address: usize, _location: &'static Location<'static>) {}
    /// The caller spins for an observed lock, and does so again and again. Never returns when the watchdog has given up
    /// the caller's task.
    #[inline(always)]
    fn spinning() {}
}

/// A whole machine.
pub trait Machine: Sched + Memory + Hooks + Sized + 'static {}

impl<M: Sched + Memory + Hooks + Sized + 'static> Machine for M {}
