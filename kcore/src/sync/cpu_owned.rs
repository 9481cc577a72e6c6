//! A lock that belongs to a CPU instead of a task: the wrong cure for tasks that share one.
//!
//! It is what comes of the thought that the code which runs on the owner's CPU must be the owner, come back:
//! a nested call, or an interrupt handler. CPUs are kept apart. But a task that sleeps in the critical
//! section, or loses its CPU there, lets the next task of that CPU walk in behind it (LKD ch. 9, "Causes of
//! Concurrency": pseudo-concurrency).
//!
//! ```text
//!   CPU 0, task A                CPU 0, task B           CPU 1, task C
//!   acquire: owner is CPU 0
//!   loads, loses its CPU
//!                                acquire: passes         acquire: spins
//!                                loads, stores
//!   stores: B's store is lost
//! ```
//!
//! Its owner and how often it has it is right at all times, under a spinlock: to let in a wrong task is its
//! only mistake. The right form would switch preemption off, and keep tasks from sleeping: a spinlock.

use core::fmt;
use core::sync::atomic::AtomicBool;

use crate::class;
use crate::event::{Change, Class, LockStep, Mode};
use crate::machine::{Cpu, CpuId, Sched};
use crate::sync::raw_lock::RawLock;
use crate::sync::spinlock::SpinLock;
use crate::sync::watch::{Inner, Watch, Watched};

/// A lock that lets in every task that runs on the CPU that has it. It leaves preemption on, and its holder
/// may sleep: name it as [`Waiting::Sleeps`](crate::event::Waiting::Sleeps).
pub struct CpuOwnedLock<M: Cpu, W = Class> {
    owner: SpinLock<Owner, M, Inner>,
    watch: W,
}

/// The CPU that has the lock.
struct Owner {
    /// Meaningless while `depth` is 0.
    cpu: CpuId,
    /// How many are in the critical section: calls of one task, as its inventor thinks.
    depth: usize,
}

impl<M: Cpu<Flag = AtomicBool>, W> CpuOwnedLock<M, W> {
    /// A free lock. `watch` says what hears of it.
    pub const fn new(watch: W) -> Self {
        CpuOwnedLock::from_flag(AtomicBool::new(false), watch)
    }
}

impl<M: Cpu, W> CpuOwnedLock<M, W> {
    /// A free lock made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W) -> Self {
        let owner = Owner { cpu: CpuId(0), depth: 0 };
        CpuOwnedLock {
            owner: SpinLock::from_flag(flag, Inner(class!("inner lock of the lock of a CPU")), owner),
            watch,
        }
    }

    /// How many are in the critical section at this moment.
    pub fn depth(&self) -> usize {
        self.owner.lock_irqsave().depth
    }
}

impl<M: Sched, W: Watch<M>> CpuOwnedLock<M, W> {
    /// Waits until no other CPU has the lock, and goes in. While it spins it lets other tasks of this CPU
    /// run: the owner may sleep, so the wait may be long.
    #[track_caller]
    pub fn acquire(&self) {
        self.enter(W::place());
    }

    /// Comes out. The CPU gives the lock back when the last of its callers does. Any task can: no record says
    /// which one went in.
    ///
    /// # Panics
    /// When no task is in.
    #[track_caller]
    pub fn release(&self) {
        self.leave(W::place());
    }

    /// Units that are free: see [`Watch::units`]. A task has its own CPU: the holder does not come again.
    fn free(&self) -> u64 {
        u64::from(self.depth() == 0)
    }

    fn try_acquire(&self, wait: &mut Option<W::Wait>) -> bool {
        let mut owner = self.owner.lock_irqsave();
        let cpu = M::cpu();
        if owner.depth > 0 && owner.cpu != cpu {
            return false;
        }
        owner.cpu = cpu;
        owner.depth += 1;
        self.watch.acquired(wait.take());
        true
    }
}

impl<M: Cpu, W> Watched for CpuOwnedLock<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

impl<M: Sched, W: Watch<M>> RawLock<M> for CpuOwnedLock<M, W> {
    fn enter(&self, place: W::Place) {
        self.watch.units(Change::Take(1), || self.free(), self.address(), place);
        let mut wait = None;
        while !self.try_acquire(&mut wait) {
            match &mut wait {
                Some(wait) => W::failed(wait),
                None => {
                    wait = Some(W::wait());
                    self.watch.announce(LockStep::Wait, Mode::Exclusive, self.address(), place);
                }
            }
            M::relax();
            W::spinning();
            M::yield_now();
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    fn leave(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(1), || self.free(), self.address(), place);
        let mut owner = self.owner.lock_irqsave();
        assert!(owner.depth > 0, "nobody is in");
        owner.depth -= 1;
        self.watch.released();
    }

    fn is_held(&self) -> bool {
        self.depth() > 0
    }
}

impl<M: Cpu, W> fmt::Debug for CpuOwnedLock<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuOwnedLock").field("depth", &self.depth()).finish_non_exhaustive()
    }
}
