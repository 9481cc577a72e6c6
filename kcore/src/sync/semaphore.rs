//! A counting semaphore whose waiters sleep (LDD3 ch. 5, "Semaphores and Mutexes"; LKD ch. 10).
//!
//! A task that finds no unit looks for about as long as a wake-up would take, and takes one that it sees.
//! Then it queues up and sleeps. Those that sleep are served in the order of their arrival, and a unit that
//! is given back while one sleeps is handed to it: no other task can take it in between, and no waiter
//! starves. A waiter that a signal or a deadline sends away takes no unit with it.

use core::fmt;
use core::sync::atomic::AtomicBool;

use crate::errno::Errno;
use crate::event::Class;
use crate::machine::{Sched, Sleep};
use crate::sync::patience::{Endless, Patience, UntilSignal, UntilTime};
use crate::sync::raw_lock::RawLock;
use crate::sync::units::Units;
use crate::sync::watch::{Watch, Watched};

/// A number of units. Initialised to one, it is a mutex (without an owner: any caller may `up` it).
///
/// `hold_cycles` of its counters are those of all units together; a failed test-and-set is a `down` that
/// found no unit.
#[doc(alias = "struct semaphore")]
pub struct Semaphore<M: Sched, W: Watch<M> = Class> {
    units: Units<M, W, false>,
}

impl<M: Sched<Flag = AtomicBool>, W: Watch<M>> Semaphore<M, W> {
    /// A semaphore with `count` units. `watch` says what hears of it.
    ///
    /// # Panics
    /// When `count` is [`usize::MAX`].
    #[doc(alias = "sema_init")]
    pub const fn new(watch: W, count: usize) -> Self {
        Semaphore::from_flag(AtomicBool::new(false), watch, count)
    }
}

impl<M: Sched, W: Watch<M>> Semaphore<M, W> {
    /// A semaphore made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W, count: usize) -> Self {
        assert!(count < usize::MAX, "a semaphore has more units than it can count");
        Semaphore { units: Units::new(flag, watch, count) }
    }

    /// Takes a unit; sleeps until there is one.
    #[inline]
    #[track_caller]
    pub fn down(&self) {
        self.enter(W::place());
    }

    /// [`down`](Semaphore::down), until the task has a signal (LDD3 ch. 5: what a driver uses, so that its
    /// user can stop it).
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first. There is no unit to give back.
    #[track_caller]
    pub fn down_interruptible(&self) -> Result<(), Errno> {
        self.enter_interruptible(W::place())
    }

    /// [`down`](Semaphore::down), until the task has a signal that kills it.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: the signal came first. There is no unit to give back.
    #[track_caller]
    pub fn down_killable(&self) -> Result<(), Errno> {
        self.down_within(UntilSignal(Sleep::Killable), W::place())
    }

    /// [`down`](Semaphore::down), for `cycles` from now at the longest.
    ///
    /// # Errors
    /// [`Errno::ETIME`]: the time is over. There is no unit to give back.
    #[track_caller]
    pub fn down_timeout(&self, cycles: u64) -> Result<(), Errno> {
        self.down_within(UntilTime::after::<M>(cycles), W::place())
    }

    /// Takes a unit if there is one and says whether it did. It never sleeps.
    ///
    /// Linux's function returns 0 when it did; this one returns `true`.
    #[inline]
    #[track_caller]
    #[doc(alias = "down_trylock")]
    #[must_use = "if it is true, there is a unit to give back"]
    pub fn try_down(&self) -> bool {
        self.units.try_take(self.address(), W::place())
    }

    /// Gives a unit back: the task that has slept longest has it at once, and is woken. It never sleeps, so
    /// an interrupt handler may call it.
    ///
    /// The semaphore must outlive the call. A waiter can return as soon as it has the unit, while `up` has
    /// still to give the inner lock back: a semaphore on the waiter's stack is gone by then (RACES.md R21).
    /// For that there is the [`Completion`](super::Completion), LDD3 ch. 5.
    ///
    /// # Panics
    /// When no task waits and [`usize::MAX`] - 1 units are free already.
    #[inline]
    #[track_caller]
    pub fn up(&self) {
        self.leave(W::place());
    }

    fn down_within<P: Patience>(&self, patience: P, place: W::Place) -> Result<(), P::End> {
        self.units.take(patience, self.address(), place)
    }

    /// Units that are free at this moment. For reports.
    pub fn count(&self) -> usize {
        self.units.free()
    }

    /// Tasks that sleep in [`down`](Semaphore::down) at this moment. For reports.
    pub fn waiters(&self) -> usize {
        self.units.waiters()
    }
}

impl<M: Sched, W: Watch<M>> Watched for Semaphore<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        self.units.watch()
    }
}

impl<M: Sched, W: Watch<M>> RawLock<M> for Semaphore<M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        let Ok(()) = self.units.take(Endless, self.address(), place);
    }

    fn enter_interruptible(&self, place: W::Place) -> Result<(), Errno> {
        self.down_within(UntilSignal(Sleep::Interruptible), place)
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        self.units.give(self.address(), place);
    }

    fn is_held(&self) -> bool {
        self.count() == 0
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for Semaphore<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("count", &self.count())
            .field("waiters", &self.waiters())
            .finish_non_exhaustive()
    }
}
