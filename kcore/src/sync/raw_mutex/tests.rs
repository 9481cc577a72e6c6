//! The mutex from inside: what its sleepers have lost is said of them in turn.

use super::*;
use crate::host::{Host, HostMachine};

type Raw = RawMutex<HostMachine>;

/// A waiter in the queue of `mutex`, which the running task has, that has lost `losses` times.
///
/// # Safety
/// As for [`Waiters::push`].
unsafe fn queue_up(mutex: &Raw, waiter: &Waiter<HostMachine, ()>, losses: u32) {
    let mut sleepers = mutex.sleepers.lock_irqsave();
    // SAFETY: the caller's promise.
    unsafe { sleepers.queue.push(waiter) };
    assert!(!mutex.take_or_be_waited_for(false), "the running task has it");
    for _ in 0..losses {
        assert!(sleepers.queue.is_first(waiter), "only the first is woken");
        sleepers.woken = true;
        sleepers.lost(waiter);
    }
}

/// One that has come too late often enough is handed the mutex. The next has lost nothing yet: it is woken,
/// and the mutex is free for all.
#[test]
fn after_a_handover_the_next_begins_anew() {
    Host::new().run(|| {
        let mutex = Raw::new(crate::class!("test"));
        let [first, second] = [Waiter::new(()), Waiter::new(())];
        mutex.lock();
        // SAFETY: both are new, stay where they are, and are granted or removed below.
        unsafe { queue_up(&mutex, &first, MOST_LOSSES) };
        // SAFETY: as above.
        unsafe { queue_up(&mutex, &second, 0) };
        assert_eq!(mutex.unlock(), Ok(()));
        assert!(first.is_granted() && mutex.is_mine(), "handed over, to a waiter of this task");
        assert_eq!(mutex.unlock(), Ok(()));
        assert!(!second.is_granted() && !mutex.is_locked(), "it was not its turn yet");
        assert!(mutex.sleepers.lock_irqsave().woken, "but it was woken");
        mutex.sleepers.lock_irqsave().leave(&second);
        assert_eq!(mutex.waiters(), 0);
    });
}

/// One loss less, and it is not handed over.
#[test]
fn who_has_lost_less_often_is_woken_only() {
    Host::new().run(|| {
        let (mutex, waiter) = (Raw::new(crate::class!("test")), Waiter::new(()));
        mutex.lock();
        // SAFETY: it is new, stays where it is, and is removed below.
        unsafe { queue_up(&mutex, &waiter, MOST_LOSSES - 1) };
        assert_eq!(mutex.unlock(), Ok(()));
        assert!(!waiter.is_granted() && !mutex.is_locked());
        mutex.sleepers.lock_irqsave().leave(&waiter);
    });
}

/// A waiter that leaves as the first takes its losses along.
#[test]
fn who_leaves_takes_its_losses_along() {
    Host::new().run(|| {
        let mutex = Raw::new(crate::class!("test"));
        let [first, second] = [Waiter::new(()), Waiter::new(())];
        mutex.lock();
        // SAFETY: both are new, stay where they are, and are removed below.
        unsafe { queue_up(&mutex, &first, MOST_LOSSES) };
        // SAFETY: as above.
        unsafe { queue_up(&mutex, &second, 0) };
        mutex.sleepers.lock_irqsave().leave(&first);
        assert_eq!(mutex.unlock(), Ok(()));
        assert!(!second.is_granted() && !mutex.is_locked());
        mutex.sleepers.lock_irqsave().leave(&second);
    });
}

/// A second that looks and leaves is no loss of the first, which stays woken.
#[test]
fn only_the_first_can_lose() {
    Host::new().run(|| {
        let mutex = Raw::new(crate::class!("test"));
        let [first, second] = [Waiter::new(()), Waiter::new(())];
        mutex.lock();
        // SAFETY: both are new, stay where they are, and are removed below.
        unsafe { queue_up(&mutex, &first, MOST_LOSSES - 1) };
        // SAFETY: as above.
        unsafe { queue_up(&mutex, &second, 0) };
        let mut sleepers = mutex.sleepers.lock_irqsave();
        sleepers.woken = true;
        sleepers.lost(&second);
        sleepers.leave(&second);
        assert_eq!((sleepers.losses, sleepers.woken), (MOST_LOSSES - 1, true));
        sleepers.leave(&first);
        drop(sleepers);
        assert_eq!(mutex.unlock(), Ok(()));
    });
}
