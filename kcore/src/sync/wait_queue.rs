//! Tasks that wait for a condition to become true (LDD3 ch. 6, "Blocking I/O"; LKD ch. 4, "Wait Queues").
//!
//! The condition is the caller's: an expression over memory that other tasks change, which then call one of
//! the `wake_up` functions. A waiter first puts itself into the queue, then tests, then sleeps. The other
//! order loses the wake-up that comes between the test and the queue (RACES.md R19):
//!
//! ```text
//!   waiter                       waker
//!   is in the queue
//!                                makes the condition true
//!                                wake_up: takes the waiter out of the queue, wakes it
//!   tests, or sleeps and is woken and tests: true
//! ```
//!
//! To be woken says nothing about the condition: another task may have been quicker (RACES.md R20). So it is
//! tested again after each wake-up, and if it is false the waiter goes back into the queue.

use alloc::boxed::Box;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::AtomicBool;

use crate::class;
use crate::errno::Errno;
use crate::event::{Change, Class, LockStep, Mode};
use crate::machine::{Sched, Sleep};
use crate::sync::patience::{Endless, Patience, UntilSignal, UntilTime};
use crate::sync::spinlock::SpinLock;
use crate::sync::waiter::{Dismissed, Waiter, Waiters};
use crate::sync::watch::{Inner, Watch, Watched};

/// Tasks that wait for conditions, and are woken to test them.
///
/// Exclusive waiters are for conditions that only one of them can use (a byte to read): a
/// [`wake_up`](WaitQueue::wake_up) wakes one of these, in the order of their arrival, but all the others. An
/// exclusive waiter that leaves without having used its wake-up passes it on.
///
/// A queue has no owner, so the machine hears of waits, and of their ends as [`LockStep::GaveUp`]. Its
/// counters count the waits that did not find their condition true at once; a failed test-and-set is a
/// wake-up that found it false.
///
/// Its lock is taken with interrupts off, so an interrupt handler may wake. Lock order: this lock -> nothing.
/// Waiters are woken after it was given back, and the conditions are tested under no lock.
#[doc(alias = "wait_queue_head_t")]
pub struct WaitQueue<M: Sched, W: Watch<M> = Class> {
    sleepers: SpinLock<Sleepers<M>, M, Inner>,
    watch: W,
}

struct Sleepers<M: Sched> {
    /// The waiters that every wake-up wakes.
    shared: Waiters<M, ()>,
    /// The waiters of which it wakes some.
    exclusive: Waiters<M, ()>,
}

/// Which other waiters a wake-up wakes that wakes this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crowd {
    Shared,
    Exclusive,
}

impl<M: Sched> Sleepers<M> {
    fn of(&mut self, crowd: Crowd) -> &mut Waiters<M, ()> {
        match crowd {
            Crowd::Shared => &mut self.shared,
            Crowd::Exclusive => &mut self.exclusive,
        }
    }
}

/// Takes up to `most` of the waiters out of `queue`, to be woken with `list`.
fn dismiss<M: Sched>(queue: &mut Waiters<M, ()>, most: usize, list: &mut Dismissed<M, ()>) {
    let mut left = most;
    while left > 0 && queue.dismiss(list).is_some() {
        left -= 1;
    }
}

impl<M: Sched<Flag = AtomicBool>, W: Watch<M>> WaitQueue<M, W> {
    /// A queue in which no task waits. `watch` says what hears of it.
    #[doc(alias = "init_waitqueue_head")]
    pub const fn new(watch: W) -> Self {
        WaitQueue::from_flag(AtomicBool::new(false), watch)
    }
}

impl<M: Sched, W: Watch<M>> WaitQueue<M, W> {
    /// A queue made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W) -> Self {
        let sleepers = Sleepers { shared: Waiters::new(), exclusive: Waiters::new() };
        WaitQueue {
            sleepers: SpinLock::from_flag(flag, Inner(class!("inner lock of a wait queue")), sleepers),
            watch,
        }
    }

    /// Sleeps until `condition` is true; does not sleep if it is true already.
    ///
    /// The condition is tested by this task only, more than once, and what it sees must be written before the
    /// waker's `wake_up`. A condition that sleeps costs nothing but time.
    #[track_caller]
    pub fn wait_event(&self, condition: impl FnMut() -> bool) {
        let Ok(()) = self.wait(Endless, Crowd::Shared, condition, W::place());
    }

    /// [`wait_event`](WaitQueue::wait_event) as an exclusive waiter.
    #[track_caller]
    pub fn wait_event_exclusive(&self, condition: impl FnMut() -> bool) {
        let Ok(()) = self.wait(Endless, Crowd::Exclusive, condition, W::place());
    }

    /// [`wait_event`](WaitQueue::wait_event), until the task has a signal.
    ///
    /// # Errors
    /// [`Errno::ERESTARTSYS`]: a signal came first, and the condition was false after that. A driver returns it as it is
    /// (LDD3 ch. 6).
    #[track_caller]
    pub fn wait_event_interruptible(&self, condition: impl FnMut() -> bool) -> Result<(), Errno> {
        let waited = self.wait(UntilSignal(Sleep::Interruptible), Crowd::Shared, condition, W::place());
        waited.map_err(|_| Errno::ERESTARTSYS)
    }

    /// [`wait_event`](WaitQueue::wait_event) as an exclusive waiter, until the task has a signal.
    ///
    /// # Errors
    /// [`Errno::ERESTARTSYS`]: a signal came first, and the condition was false after that.
    #[track_caller]
    pub fn wait_event_interruptible_exclusive(&self, condition: impl FnMut() -> bool) -> Result<(), Errno> {
        let waited = self.wait(UntilSignal(Sleep::Interruptible), Crowd::Exclusive, condition, W::place());
        waited.map_err(|_| Errno::ERESTARTSYS)
    }

    /// [`wait_event`](WaitQueue::wait_event), until the task has a signal that kills it.
    ///
    /// # Errors
    /// [`Errno::ERESTARTSYS`]: the signal came first, and the condition was false after that.
    #[track_caller]
    pub fn wait_event_killable(&self, condition: impl FnMut() -> bool) -> Result<(), Errno> {
        let waited = self.wait(UntilSignal(Sleep::Killable), Crowd::Shared, condition, W::place());
        waited.map_err(|_| Errno::ERESTARTSYS)
    }

    /// [`wait_event`](WaitQueue::wait_event), for `cycles` from now at the longest.
    ///
    /// # Errors
    /// [`Errno::ETIME`]: the time is over, and the condition was false after that.
    #[track_caller]
    pub fn wait_event_timeout(&self, condition: impl FnMut() -> bool, cycles: u64) -> Result<(), Errno> {
        self.wait(UntilTime::after::<M>(cycles), Crowd::Shared, condition, W::place())
    }

    /// Wakes all non-exclusive waiters and one exclusive one; returns how many.
    #[track_caller]
    pub fn wake_up(&self) -> usize {
        self.wake_up_nr(1)
    }

    /// Wakes all non-exclusive waiters and up to `exclusive` exclusive ones; returns how many.
    #[track_caller]
    pub fn wake_up_nr(&self, exclusive: usize) -> usize {
        self.queued(W::place());
        let mut list = Dismissed::new();
        let mut sleepers = self.sleepers.lock_irqsave();
        dismiss(&mut sleepers.shared, usize::MAX, &mut list);
        dismiss(&mut sleepers.exclusive, exclusive, &mut list);
        list.wake_after(sleepers)
    }

    /// Wakes all waiters; returns how many.
    #[track_caller]
    pub fn wake_up_all(&self) -> usize {
        self.wake_up_nr(usize::MAX)
    }

    fn wait<P: Patience>(
        &self,
        patience: P,
        crowd: Crowd,
        mut condition: impl FnMut() -> bool,
        place: W::Place,
    ) -> Result<(), P::End> {
        if condition() {
            return Ok(());
        }
        let mut wait = W::wait();
        let waited = loop {
            match self.wait_for_wake_up(patience, crowd, &mut condition, place) {
                Turn::Woken => W::failed(&mut wait),
                Turn::True => break Ok(()),
                // The last word has the condition: the caller may have been woken for it just before it gave
                // up.
                Turn::Over(end) => break if condition() { Ok(()) } else { Err(end) },
            }
        };
        if waited.is_ok() {
            self.count(wait);
        }
        self.watch.announce(LockStep::GaveUp, Mode::Exclusive, self.address(), place);
        waited
    }

    /// Puts the task into the queue until it is woken, or until there is nothing to wait for any more. When
    /// this returns, the task is not in the queue.
    fn wait_for_wake_up<P: Patience>(
        &self,
        patience: P,
        crowd: Crowd,
        condition: &mut impl FnMut() -> bool,
        caller: W::Place,
    ) -> Turn<P::End> {
        let waiter = Waiter::new(());
        // Dropped before `waiter` is, also when the condition panics.
        let mut place = Place::new(self, crowd, &waiter);
        loop {
            // A wake-up that comes during the test may be for something that the test has not seen.
            place.has_used_wake_up = waiter.is_granted();
            if condition() {
                return Turn::True;
            }
            if let Err(end) = patience.lasts::<M>() {
                return Turn::Over(end);
            }
            if place.has_used_wake_up {
                return Turn::Woken;
            }
            // Each time anew: to the listener, a task that has tested its condition since is one that runs.
            self.watch.announce(LockStep::Wait, Mode::Exclusive, self.address(), caller);
            // Once more, as the test may have used up the kept wake-up.
            if !waiter.is_granted() {
                patience.block::<M>();
            }
        }
    }

    /// Tells that the caller is about to join or leave the queue, or to look at it: see [`Watch::units`].
    fn queued(&self, place: W::Place) {
        self.watch.units(Change::Queue, || 0, self.address(), place);
    }

    /// The counters have one writer at a time, and a queue has no holder: it is done under the inner lock.
    fn count(&self, wait: W::Wait) {
        let _sleepers = self.sleepers.lock_irqsave();
        self.watch.acquired(Some(wait));
        self.watch.released();
    }

    /// Tasks that are in the queue at this moment. For reports.
    #[track_caller]
    pub fn waiters(&self) -> usize {
        self.queued(W::place());
        let sleepers = self.sleepers.lock_irqsave();
        sleepers.shared.len() + sleepers.exclusive.len()
    }

    /// Whether a waiter is in the queue at this moment (Linux: `waitqueue_active`, but under the queue's
    /// lock, so no fence is needed before it).
    #[doc(alias = "waitqueue_active")]
    #[track_caller]
    pub fn is_active(&self) -> bool {
        self.waiters() > 0
    }
}

/// A task's place in a queue of which it waits for no condition: it stands there until it is woken or this is
/// dropped, and may stand in several queues at once ([`PollTable`](crate::dev::PollTable)).
pub struct Standing<'q, M: Sched, W: Watch<M>> {
    queue: &'q WaitQueue<M, W>,
    crowd: Crowd,
    /// From a box that belongs to this, and that no other code moves or borrows mutably while the queue knows
    /// of it.
    waiter: NonNull<Waiter<M, ()>>,
}

impl<M: Sched, W: Watch<M>> WaitQueue<M, W> {
    /// The running task stands in the queue: a waker of its non-exclusive waiters wakes this task, too.
    #[track_caller]
    pub fn stand(&self) -> Standing<'_, M, W> {
        self.stand_in(Crowd::Shared)
    }

    /// [`stand`](WaitQueue::stand) as an exclusive waiter: a waker wakes as many of these as it says. One
    /// that was woken and has no use for it passes it on itself.
    #[track_caller]
    pub fn stand_exclusive(&self) -> Standing<'_, M, W> {
        self.stand_in(Crowd::Exclusive)
    }

    #[track_caller]
    fn stand_in(&self, crowd: Crowd) -> Standing<'_, M, W> {
        let waiter = NonNull::from(Box::leak(Box::new(Waiter::new(()))));
        // SAFETY: it was leaked just now, so it is there.
        let node = unsafe { waiter.as_ref() };
        self.queued(W::place());
        // SAFETY: the node is new, and stays where it is: the drop of the result removes it before it frees
        // it, and if that is forgotten it stays for ever.
        unsafe { self.sleepers.lock_irqsave().of(crowd).push(node) };
        Standing { queue: self, crowd, waiter }
    }
}

impl<M: Sched, W: Watch<M>> Standing<'_, M, W> {
    /// Whether a waker has woken the task from here. It is out of the queue then.
    #[track_caller]
    pub fn is_woken(&self) -> bool {
        self.queue.queued(W::place());
        // SAFETY: the box lives as long as `self`.
        unsafe { self.waiter.as_ref() }.is_granted()
    }
}

impl<M: Sched, W: Watch<M>> Drop for Standing<'_, M, W> {
    fn drop(&mut self) {
        // SAFETY: the box lives until the next statement but one.
        let node = unsafe { self.waiter.as_ref() };
        self.queue.queued(W::place());
        let was_there = self.queue.sleepers.lock_irqsave().of(self.crowd).remove(node);
        if !was_there {
            // A waker has taken it out, and may still have it in its list.
            let Ok(()) = node.sleep(Endless);
        }
        // SAFETY: `stand` leaked the box for this, and neither the queue nor a waker has the node any more.
        drop(unsafe { Box::from_raw(self.waiter.as_ptr()) });
    }
}

/// Why a task has left the queue.
enum Turn<E> {
    /// It was woken after it had found the condition false.
    Woken,
    /// The condition is true.
    True,
    /// Its patience is over.
    Over(E),
}

/// A waiter's place in a queue, which it leaves when this is dropped.
struct Place<'a, M: Sched, W: Watch<M>> {
    queue: &'a WaitQueue<M, W>,
    crowd: Crowd,
    waiter: &'a Waiter<M, ()>,
    /// The waiter was woken before it tested the condition for the last time.
    has_used_wake_up: bool,
}

impl<'a, M: Sched, W: Watch<M>> Place<'a, M, W> {
    /// Puts `waiter`, which is new, into `queue`.
    fn new(queue: &'a WaitQueue<M, W>, crowd: Crowd, waiter: &'a Waiter<M, ()>) -> Self {
        queue.queued(W::place());
        // SAFETY: the node is new, and it is borrowed for as long as this lives, which removes it when it
        // goes. The one that makes this keeps it in a local variable: it is dropped.
        unsafe { queue.sleepers.lock_irqsave().of(crowd).push(waiter) };
        M::stands(true);
        Place { queue, crowd, waiter, has_used_wake_up: false }
    }
}

impl<M: Sched, W: Watch<M>> Drop for Place<'_, M, W> {
    /// Under the lock, even if there is nothing to remove: so a waker has left the queue before a waiter
    /// does, and the queue may be on the waiter's stack.
    fn drop(&mut self) {
        self.queue.queued(W::place());
        let mut next = Dismissed::new();
        let mut sleepers = self.queue.sleepers.lock_irqsave();
        let was_woken = !sleepers.of(self.crowd).remove(self.waiter);
        if was_woken && !self.has_used_wake_up && self.crowd == Crowd::Exclusive {
            dismiss(&mut sleepers.exclusive, 1, &mut next);
        }
        next.wake_after(sleepers);
        if was_woken {
            // The waker may still have the waiter in its list.
            let Ok(()) = self.waiter.sleep(Endless);
        }
        M::stands(false);
    }
}

impl<M: Sched, W: Watch<M>> Watched for WaitQueue<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for WaitQueue<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue").field("waiters", &self.waiters()).finish_non_exhaustive()
    }
}
