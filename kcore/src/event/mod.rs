//! What happens: one vocabulary for all that watch, steer or record.
//!
//! Code that does something which others may want to hear of tells its machine by [`Events::tell`], before it
//! takes effect; and by [`Events::told`] afterwards, if anything listens that asks for the outcome. The
//! machine adds the actor, the place and the time: an [`Event`].
//!
//! | family | told by |
//! |---|---|
//! | [`Access`]: loads, stores, runs of bytes, named points | [`Shared`](crate::shared::Shared), the devices |
//! | [`LockStep`] of a [`LockId`]: a wait, an acquisition, a release | the [primitives](crate::sync), if they are observed |
//! | [`Block`]: memory that was allocated, or is freed | the machine's allocator |
//! | [`TaskStep`]: tasks that begin, sleep, are woken, have the CPU, spin, end | the scheduler; a task that may sleep |
//! | [`IrqStep`]: handlers and softirqs that begin and end; interrupts that go off | the way into an interrupt and out of it; a guard |
//!
//! No listener costs one relaxed load and one branch that is always taken the same way:
//! [`Events::wanted`].

#![forbid(unsafe_code)]

mod access;
mod class;
mod kinds;
mod lock;

pub use access::{Access, Op, Outcome, Site};
pub use class::{Class, Described};
pub use kinds::Kinds;
pub use lock::{ALL_UNITS, Change, LockId, LockName, LockStep, Mode, Waiting};

use crate::machine::{Context, CpuId, TaskId};
use crate::place::Place;

/// A task, or a softirq or an interrupt handler on top of the task that it interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The task, or the one below the handler.
    pub task: TaskId,
    /// Which of the two.
    pub context: Context,
}

impl Actor {
    /// The task itself.
    pub const fn task(task: TaskId) -> Self {
        Actor { task, context: Context::Task }
    }

    /// Whether this actor keeps `other` from running for as long as it runs: it has interrupted it.
    pub fn is_on_top_of(self, other: Actor) -> bool {
        self.task == other.task && self.context > other.context
    }
}

/// What happens to a block of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// It was allocated. Told when it was.
    Allocated {
        /// The address of its first byte.
        address: usize,
        /// How many bytes there are.
        size: usize,
    },
    /// It is freed.
    Freed {
        /// The address of its first byte.
        address: usize,
        /// How many bytes there are.
        size: usize,
    },
}

/// What happens to a task: to the running one, unless another is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStep {
    /// It starts this task, which can run from now on.
    Spawned(TaskId),
    /// It has its CPU for the first time.
    Begun,
    /// It has come to its end.
    Ended,
    /// It [may sleep](might_sleep) now.
    MaySleep,
    /// It sleeps from now on until it is woken, unless a wake-up is kept for it.
    Block,
    /// This task is woken, by the actor.
    Woken(TaskId),
    /// It has lost or given up its CPU, which this task has from now on.
    Switched(TaskId),
    /// It [spins](Events::spinning) for a lock, and does so again and again.
    Spins,
}

/// What happens to a CPU. Of a handler that is given up with its task no end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrqStep {
    /// A handler begins, of the interrupt with this vector; or a softirq, which has this number.
    Enter(Context, u8),
    /// It is done.
    Exit(Context, u8),
    /// Interrupts, softirqs or preemption are about to be switched off for a critical section.
    Off,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Shared memory is accessed, or a named point is passed.
    Access(Access),
    /// Something happens to an observed lock.
    Lock(LockStep, LockId),
    /// Units of a lock are about to be taken or given, of which so many are free.
    Units(Change, LockId, u64),
    /// Something happens to a block of memory.
    Block(Block),
    /// Something happens to a task.
    Task(TaskStep),
    /// Something happens to the CPU.
    Irq(IrqStep),
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The actor.
    pub actor: Actor,
    /// On which CPU.
    pub cpu: CpuId,
    /// At which source line.
    pub at: Place,
    /// What it is.
    pub what: What,
}

impl Event {
    /// Whether `point` (as in `slot.load`, `slot.store`, `copy`) names this access.
    pub fn is(&self, point: &str) -> bool {
        matches!(&self.what, What::Access(access) if access.is(point))
    }
}

/// The caller may sleep now, whether it does so this time or not (Linux: `might_sleep`).
#[inline]
#[track_caller]
pub fn might_sleep<M: Events>() {
    if cfg!(feature = "probes") && M::wanted().contains(Kinds::TASKS) {
        M::tell(What::Task(TaskStep::MaySleep), Place::caller());
    }
}

/// By which a machine finds again what it was told of, when it is told what that came to. The default is for
/// what it need not find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) serial: u64,
    pub(crate) era: u32,
}

/// A machine that hears of what happens.
pub trait Events {
    /// Whether silent locks, too, tell of the [units](What::Units) that are taken and given. Known when the
    /// machine is compiled: on all others they stay as small and as fast as they are.
    const EXPLORES: bool = false;

    /// On a machine that explores with store buffers: the store that the caller is about to make waits in its
    /// buffer instead, and is none of the caller's any more.
    #[inline(always)]
    fn buffers(_store: &Access, _at: Place) -> bool {
        false
    }
    /// On such a machine: what the caller's own buffer holds for the word at this address.
    #[inline(always)]
    fn forwarded(_address: usize) -> Option<usize> {
        None
    }
    /// On such a machine: the caller goes on when its buffer is empty (x86: `mfence`).
    #[inline(always)]
    fn drains(_at: Place) {}
    /// The caller is about to do what is not explored: all that is found out says nothing.
    #[inline(always)]
    fn unexplored(_what: &'static str) {}
    /// What is wanted now. Asked before anything is told.
    #[inline]
    fn wanted() -> Kinds {
        Kinds::empty()
    }
    /// The running task, or the handler on top of it, is about to do this. At an access the task may be put
    /// to sleep.
    fn tell(_what: What, _at: Place) -> Ticket {
        Ticket::default()
    }
    /// It has done so, and that came to this. Told if [outcomes](Kinds::OUTCOMES) are wanted, with the ticket
    /// for what was [told](Events::tell) before.
    fn told(_ticket: Ticket, _outcome: Outcome) {}
    /// The caller spins for an observed lock, and does so again and again. Never returns when the caller's
    /// task was given up.
    #[inline(always)]
    fn spinning() {}
}
