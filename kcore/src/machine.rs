//! The seam: what an idea needs from a machine.
//!
//! The kernel implements these traits with real CPUs, host tests with threads, the model checker with loom.
//! All dispatch is static, so a primitive compiled for the kernel is as small as one written for it.
//!
//! | trait | what it gives |
//! |---|---|
//! | [`AtomicFlag`] | the atomic test-and-set that spinlocks stand on |
//! | [`Cpu`] | which CPU, interrupts, PAUSE, clock |
//! | [`Sched`] | which task, block, wake |
//! | [`Memory`] | kmalloc and kfree with an account |
//! | [`Events`] | what is heard of: accesses, locks, blocks, tasks |

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::dev::Cdev;
use crate::event::{Class, Events, LockStep};
use crate::holds::Held;
use crate::sync::LockedWord;

mod memory;

pub use memory::{BadFree, BlockSize, Kind, Memory, POISON_FREED, POISON_FRESH};

/// A CPU, counted from 0 (the one that booted) in the order in which the firmware lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CpuId(pub u32);

/// A task. Never used twice while the machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u32);

/// One bit with an atomic exchange.
///
/// `swap` must be atomic and take part in the single modification order of the flag (x86: `xchg`, Intel SDM
/// vol. 3A, 10.1.2.2).
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
/// What a task switches off it switches on again as often; the calls nest. Machines without preemption or
/// softirqs keep the defaults, which do nothing.
pub trait Cpu: Events {
    /// The atomic flag of this machine.
    type Flag: AtomicFlag;
    /// The word of this machine that locked instructions change.
    type Word: LockedWord;
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
    /// The caller has taken the lock of this class at `address`, or is about to give it back. Told of every
    /// lock; a machine that does not listen pays nothing.
    #[inline(always)]
    fn ordered(_class: Class, _step: LockStep, _address: usize) {}
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
    /// Puts the task to sleep until a waker calls [`wake`](Sched::wake) for it.
    ///
    /// A wake that comes first is not lost: it is kept (one, not a count) and the next `block` returns at
    /// once. A `block` may also return for no reason, so callers test their condition in a loop.
    fn block();
    /// [`block`](Sched::block), but not past `deadline` on the clock of [`Cpu::cycles`]. May return early, as
    /// `block` may.
    fn block_until(deadline: u64);
    /// Whether the clock of [`Cpu::cycles`] has come to `deadline`.
    #[inline(always)]
    fn is_past(deadline: u64) -> bool {
        Self::cycles() >= deadline
    }
    /// Whether the running task has a signal that ends a sleep of this kind. The signal stays: the task takes
    /// it when it returns to its main loop. A signal that arrives wakes its task, so a sleeper asks again
    /// after each `block`.
    fn interrupted(_sleep: Sleep) -> bool {
        false
    }
    /// Makes `task` runnable, or keeps the wake-up for its next [`block`](Sched::block).
    fn wake(task: TaskId);
    /// Lets other tasks of this CPU run.
    fn yield_now();
    /// Whether `task` runs on some CPU at this moment, as far as the machine knows: to spin for what it has
    /// is worth while then (Linux: `owner_on_cpu`). A hint, outdated when it returns.
    #[inline(always)]
    fn is_running(_task: TaskId) -> bool {
        true
    }
    /// Looks of a task that waits until it goes to sleep: about as long as a sleep and a wake-up take.
    const LOOKS: u32 = 200;
    /// Whether the running task may as well look for a while before it sleeps: other CPUs run side by side
    /// with its own, on which no other task could run now. A hint, outdated when it returns.
    #[inline(always)]
    fn may_poll() -> bool {
        true
    }
    /// What the running task holds; nothing where no book is kept of that.
    #[inline(always)]
    fn held() -> Option<&'static Held> {
        None
    }
    /// The running task has taken a mutex of the machine's own.
    #[inline(always)]
    fn took_own() {}
    /// The running task is inside this device from now on, in a call, or inside none; inside which it was
    /// before. If it dies there, the machine says so: [`Cdev::call_died`].
    #[inline(always)]
    fn inside(_device: Option<Arc<Cdev<Self>>>) -> Option<Arc<Cdev<Self>>>
    where
        Self: Machine,
    {
        None
    }
    /// A node on the running task's stack is in a queue from now on, while code of others runs; or not any
    /// more.
    #[inline(always)]
    fn stands(_in_a_queue: bool) {}
    /// Whether the running task is to [give up](Sched::give_up) its wait for a lock, since `owner`, which has
    /// it, is dead.
    #[inline(always)]
    fn gives_up(_owner: TaskId) -> bool {
        false
    }
    /// Ends the running task in the middle of a wait, of which nothing is left but frames on its stack.
    fn give_up() -> ! {
        unreachable!("no task of this machine gives up a wait")
    }
}

/// A whole machine.
pub trait Machine: Sched + Memory + Events + Sized + 'static {}

impl<M: Sched + Memory + Events + Sized + 'static> Machine for M {}
