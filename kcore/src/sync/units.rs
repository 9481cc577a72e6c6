//! Units that tasks take and give back, and a queue of the tasks that found none: what a semaphore and a
//! completion share.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::class;
use crate::event::{Change, LockStep, Mode, Site};
use crate::machine::{Cpu, Sched};
use crate::sync::patience::{Endless, Patience};
use crate::sync::polling::poll;
use crate::sync::spinlock::{SpinIrqGuard, SpinLock};
use crate::sync::waiter::{Dismissed, Waiter, Waiters, after};
use crate::sync::watch::{Inner, Watch};

/// As many units as the takers want (the same trick as in Linux's `struct completion`).
const ENDLESS: usize = usize::MAX;

/// In `up` and `complete`: the unit is handed over, the inner lock not yet given back. Point `granted`.
pub static GRANTED: Site = Site::new("granted");

/// In the wait for a completion: the waiter was handed the event and goes to see off its granter. Point
/// `seeing-off`.
pub static SEEING_OFF: Site = Site::new("seeing-off");

/// A number of units and the tasks that sleep until they are handed one.
///
/// Its lock is taken with interrupts off, so an interrupt handler may give a unit (not take one: that may
/// sleep). Lock order: this lock -> nothing; a waiter that is granted a unit is woken after it was given
/// back.
///
/// `SEES_OFF`: a waiter that slept and was granted waits until its granter has left the lock. Without it,
/// RACES.md R21:
///
/// ```text
///   waiter                          granter
///                                   lock; grant: granted.store(true)
///   granted.load() is true: returns,
///   and the frame with the units goes
///                                   unlock: a store to where the units were
/// ```
pub(super) struct Units<M: Sched, W: Watch<M>, const SEES_OFF: bool> {
    /// The tasks that sleep.
    queue: SpinLock<Waiters<M, W::Wait>, M, Inner>,
    /// Units that are free. Not zero only while `queue` is empty: a unit that a task sleeps for is handed to
    /// it and never lies around for a passer-by. Written under the lock of `queue`. Read without it as a
    /// hint.
    free: AtomicUsize,
    watch: W,
}

type Queue<'a, M, W> = SpinIrqGuard<'a, Waiters<M, <W as Watch<M>>::Wait>, M, Inner>;

/// One unit more than `free`. An `event` that has happened as often as can be counted has happened for all
/// (as in Linux's `complete`). A unit is a thing that exists: of these there cannot be so many.
///
/// # Panics
/// When there would be.
#[inline]
fn more(free: usize, event: bool) -> usize {
    let more = free.saturating_add(1);
    assert!(event || more < ENDLESS, "more units are given to a semaphore than it can count");
    more
}

/// An acquisition of something that is not used up: it is held for no time.
fn pass<M: Cpu, W: Watch<M>>(watch: &W, wait: Option<W::Wait>) {
    watch.acquired(wait);
    watch.released();
}

impl<M: Sched, W: Watch<M>, const SEES_OFF: bool> Units<M, W, SEES_OFF> {
    /// `free` units. `flag` is clear.
    pub(super) const fn new(flag: M::Flag, watch: W, free: usize) -> Self {
        let class = Inner(class!("inner lock of a semaphore or completion"));
        Units { queue: SpinLock::from_flag(flag, class, Waiters::new()), free: AtomicUsize::new(free), watch }
    }

    /// Takes a unit if there is one, after `wait`, which is gone then.
    #[inline]
    fn take_free(&self, _queue: &Queue<'_, M, W>, wait: &mut Option<W::Wait>) -> bool {
        match self.free.load(Relaxed) {
            0 => return false,
            ENDLESS => pass(&self.watch, wait.take()),
            free => {
                self.free.store(free - 1, Relaxed);
                self.watch.acquired(wait.take());
            }
        }
        true
    }

    /// Takes a unit; looks and then sleeps until there is one, or until `patience` is over. A unit that is
    /// free is taken even then. `address` is where the primitive is, for the hooks.
    #[inline]
    pub(super) fn take<P: Patience>(
        &self,
        patience: P,
        address: usize,
        place: W::Place,
    ) -> Result<(), P::End> {
        self.watch.units(Change::Take(1), || self.free() as u64, address, place);
        let queue = self.queue.lock_irqsave();
        if self.take_free(&queue, &mut None) {
            drop(queue);
        } else {
            self.wait(queue, patience, address, place)?;
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, address, place);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn wait<'a, P: Patience>(
        &'a self,
        mut queue: Queue<'a, M, W>,
        patience: P,
        address: usize,
        place: W::Place,
    ) -> Result<(), P::End> {
        let mut wait = Some(W::wait());
        let polls = M::LOOKS > 0 && self.watch.polls() && M::may_poll();
        if polls {
            drop(queue);
            self.watch.announce(LockStep::Wait, Mode::Exclusive, address, place);
            let is_worth_while = || M::may_poll() && patience.lasts::<M>().is_ok();
            let has_come =
                || self.free.load(Relaxed) > 0 && self.take_free(&self.queue.lock_irqsave(), &mut wait);
            poll::<M, W>(is_worth_while, has_come);
            queue = self.queue.lock_irqsave();
            if wait.is_none() || self.take_free(&queue, &mut wait) {
                return Ok(());
            }
        }
        let waiter = Waiter::from_record(wait);
        // SAFETY: the node is new and lives in this frame, which ends after it was granted, or removed below.
        unsafe { queue.push(&waiter) };
        drop(queue);
        if !polls {
            self.watch.announce(LockStep::Wait, Mode::Exclusive, address, place);
        }
        self.sleep(&waiter, patience, address, place)
    }

    /// Sleeps until it is handed a unit. The caller has put the waiter into the queue; it is not there when
    /// this returns.
    fn sleep<P: Patience>(
        &self,
        waiter: &Waiter<M, W::Wait>,
        patience: P,
        address: usize,
        place: W::Place,
    ) -> Result<(), P::End> {
        let slept = waiter.sleep(patience);
        if slept.is_err() {
            // A waiter that is not there any more was granted a unit in time, and has it, or is about to be
            // told.
            let gave_up = self.queue.lock_irqsave().remove(waiter);
            if gave_up {
                self.watch.announce(LockStep::GaveUp, Mode::Exclusive, address, place);
                return slept;
            }
            let Ok(()) = waiter.sleep(Endless);
        } else if SEES_OFF {
            W::probe(&SEEING_OFF);
            drop(self.queue.lock_irqsave());
        }
        Ok(())
    }

    /// Takes a unit if there is one. An attempt that fails is not counted.
    #[inline]
    pub(super) fn try_take(&self, address: usize, place: W::Place) -> bool {
        self.watch.units(Change::TryTake(1), || self.free() as u64, address, place);
        let taken = self.take_free(&self.queue.lock_irqsave(), &mut None);
        if taken {
            self.watch.announce(LockStep::Acquired, Mode::Exclusive, address, place);
        }
        taken
    }

    /// Gives a unit: to the task that has slept the longest, or, if none does, to the next that comes.
    #[inline]
    pub(super) fn give(&self, address: usize, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, address, place);
        self.watch.units(Change::Give(1), || self.free() as u64, address, place);
        let mut queue = self.queue.lock_irqsave();
        self.watch.released();
        match queue.grant() {
            None => {
                self.free.store(more(self.free.load(Relaxed), SEES_OFF), Relaxed);
                drop(queue);
            }
            Some(granted) => {
                self.watch.acquired(granted.record);
                W::probe(&GRANTED);
                after::<M, _>(queue, || M::wake(granted.task));
            }
        }
    }

    /// Gives a unit to every task that waits, and to every task that comes.
    #[inline]
    pub(super) fn give_endless(&self, address: usize, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, address, place);
        self.watch.units(Change::GiveAll, || self.free() as u64, address, place);
        let mut queue = self.queue.lock_irqsave();
        self.watch.released();
        self.free.store(ENDLESS, Relaxed);
        let mut served = Dismissed::new();
        while let Some(record) = queue.dismiss(&mut served) {
            pass(&self.watch, record);
        }
        served.wake_after(queue);
    }

    /// No unit is free any more. The waiters still wait.
    pub(super) fn withdraw(&self, address: usize, place: W::Place) {
        self.watch.units(Change::Withdraw, || self.free() as u64, address, place);
        let _queue = self.queue.lock_irqsave();
        self.free.store(0, Relaxed);
    }

    /// Units that are free; [`usize::MAX`] for as many as the takers want.
    pub(super) fn free(&self) -> usize {
        let _queue = self.queue.lock_irqsave();
        self.free.load(Relaxed)
    }

    /// Tasks that sleep.
    pub(super) fn waiters(&self) -> usize {
        self.queue.lock_irqsave().len()
    }
}

impl<M: Sched, W: Watch<M>, const SEES_OFF: bool> Units<M, W, SEES_OFF> {
    /// What counts them.
    pub(super) fn watch(&self) -> &W {
        &self.watch
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::event::Class;
    use crate::host::{Host, HostMachine};
    use crate::sync::Semaphore;

    /// A semaphore with one unit more than can be counted would be one that never keeps a task out.
    #[test]
    fn units_do_not_become_endless() {
        Host::new().run(|| {
            let semaphore = Semaphore::<HostMachine>::new(Class::EVENT, usize::MAX - 2);
            semaphore.up();
            let refused = catch_unwind(AssertUnwindSafe(|| semaphore.up()));
            let said = refused.expect_err("one more than can be counted");
            assert!(said.downcast_ref::<&str>().is_some_and(|said| said.contains("semaphore")));
            assert_eq!(semaphore.count(), usize::MAX - 1);
            assert!(semaphore.try_down());
            assert_eq!(semaphore.count(), usize::MAX - 2, "each takes one");
            assert!(catch_unwind(|| Semaphore::<HostMachine>::new(Class::EVENT, usize::MAX)).is_err());
        });
    }

    /// What has happened as often as can be counted has happened for all.
    #[test]
    fn events_become_endless() {
        Host::new().run(|| {
            let events = Units::<HostMachine, _, true>::new(false.into(), Class::EVENT, usize::MAX - 1);
            (0..2).for_each(|_| events.give(0, ()));
            assert!(events.try_take(0, ()));
            assert_eq!(events.free(), usize::MAX);
        });
    }
}
