//! "It is done", said by one task and waited for by another (LDD3 ch. 5, "Completions"; LKD ch. 10).
//!
//! A completion that comes before its waiter is remembered. Handed round as a token it is a lock, too:
//! complete it once, then wait to enter and complete to leave.
//!
//! It may lie on the stack of the task that waits for it, and be gone when [`Completion::wait`] has returned:
//! a waiter that slept takes the inner lock once more, so its waker has left by then. All that the waker
//! still does is to wake the task, which touches nothing of the completion. (A semaphore cannot be used so:
//! RACES.md R21.)

use core::fmt;
use core::sync::atomic::AtomicBool;

use crate::errno::Errno;
use crate::event::Class;
use crate::machine::{Sched, Sleep};
use crate::sync::patience::{Endless, Patience, UntilSignal, UntilTime};
use crate::sync::raw_lock::RawLock;
use crate::sync::units::Units;
use crate::sync::watch::{Watch, Watched};

/// An event that tasks wait for.
///
/// Its counters count a `wait` as an acquisition, one that had to wait as a failed test-and-set, and a
/// `complete` as a release: `hold_cycles` mean something where it is a token that is handed round.
#[doc(alias = "struct completion")]
pub struct Completion<M: Sched, W: Watch<M> = Class> {
    /// One free unit for each event that no task has waited for yet.
    events: Units<M, W, true>,
}

impl<M: Sched<Flag = AtomicBool>, W: Watch<M>> Completion<M, W> {
    /// A completion that has not happened. `watch` says what hears of it.
    #[doc(alias = "init_completion")]
    pub const fn new(watch: W) -> Self {
        Completion::from_flag(AtomicBool::new(false), watch, 0)
    }
}

impl<M: Sched, W: Watch<M>> Completion<M, W> {
    /// A completion that has happened `events` times and was not waited for, made of a clear `flag`.
    pub const fn from_flag(flag: M::Flag, watch: W, events: usize) -> Self {
        Completion { events: Units::new(flag, watch, events) }
    }

    /// Waits until the event has happened, and uses it up: looks for a while, and then sleeps.
    #[inline]
    #[track_caller]
    #[doc(alias = "wait_for_completion")]
    pub fn wait(&self) {
        self.enter(W::place());
    }

    /// [`wait`](Completion::wait), until the task has a signal.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first. No event is used up.
    #[track_caller]
    #[doc(alias = "wait_for_completion_interruptible")]
    pub fn wait_interruptible(&self) -> Result<(), Errno> {
        self.enter_interruptible(W::place())
    }

    /// [`wait`](Completion::wait), until the task has a signal that kills it.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: the signal came first. No event is used up.
    #[track_caller]
    #[doc(alias = "wait_for_completion_killable")]
    pub fn wait_killable(&self) -> Result<(), Errno> {
        self.wait_within(UntilSignal(Sleep::Killable), W::place())
    }

    /// [`wait`](Completion::wait), for `cycles` from now at the longest.
    ///
    /// # Errors
    /// [`Errno::ETIME`]: the time is over. No event is used up, and a waker that completes later may find no
    /// completion any more: one on the stack has to be waited for to the end.
    #[track_caller]
    #[doc(alias = "wait_for_completion_timeout")]
    pub fn wait_timeout(&self, cycles: u64) -> Result<(), Errno> {
        self.wait_within(UntilTime::after::<M>(cycles), W::place())
    }

    /// Uses the event up if it has happened and says whether it has. It never sleeps.
    #[inline]
    #[track_caller]
    #[doc(alias = "try_wait_for_completion")]
    #[must_use = "if it is true, the event is used up"]
    pub fn try_wait(&self) -> bool {
        self.events.try_take(self.address(), W::place())
    }

    /// It has happened, for one: the task that waits longest, or the first to come. It never sleeps.
    #[inline]
    #[track_caller]
    pub fn complete(&self) {
        self.leave(W::place());
    }

    /// It has happened, for all tasks: those that wait and those that come, until
    /// [`reinit`](Completion::reinit).
    #[inline]
    #[track_caller]
    pub fn complete_all(&self) {
        self.events.give_endless(self.address(), W::place());
    }

    /// It has not happened any more. The waiters still wait.
    #[doc(alias = "reinit_completion")]
    #[doc(alias = "INIT_COMPLETION")]
    #[track_caller]
    pub fn reinit(&self) {
        self.events.withdraw(self.address(), W::place());
    }

    fn wait_within<P: Patience>(&self, patience: P, place: W::Place) -> Result<(), P::End> {
        self.events.take(patience, self.address(), place)
    }

    /// Whether a [`wait`](Completion::wait) would return at once at this moment. For assertions and reports.
    #[doc(alias = "completion_done")]
    pub fn is_done(&self) -> bool {
        self.events.free() > 0
    }

    /// Tasks that sleep in [`wait`](Completion::wait) at this moment. For reports.
    pub fn waiters(&self) -> usize {
        self.events.waiters()
    }
}

impl<M: Sched, W: Watch<M>> Watched for Completion<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        self.events.watch()
    }
}

/// Handed round as a token.
impl<M: Sched, W: Watch<M>> RawLock<M> for Completion<M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        let Ok(()) = self.events.take(Endless, self.address(), place);
    }

    fn enter_interruptible(&self, place: W::Place) -> Result<(), Errno> {
        self.wait_within(UntilSignal(Sleep::Interruptible), place)
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        self.events.give(self.address(), place);
    }

    fn is_held(&self) -> bool {
        !self.is_done()
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for Completion<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion")
            .field("done", &self.is_done())
            .field("waiters", &self.waiters())
            .finish_non_exhaustive()
    }
}
