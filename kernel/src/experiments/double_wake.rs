//! R20: two that wake for one event.

use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::errno::Errno;
use kcore::experiment::FLAG;
use kcore::settings::Lock;
use kcore::shared::Shared;
use kcore::sync::{Completion, Semaphore, WaitQueue};

use crate::machine::{Guard, Kernel};
use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// Something that happens once and is for one of those who wait.
struct Event {
    /// Not 0 while it has happened and nobody has taken it.
    flag: Shared<usize>,
    /// How many have taken it.
    taken: AtomicU64,
    /// It was taken, so nobody need wait any more.
    over: AtomicBool,
    wake: Wake,
}

/// How they wait. Nobody hears of these waits: a rendezvous has to wait for a task that sleeps here.
enum Wake {
    /// For the flag.
    Queue(WaitQueue<Kernel>),
    /// For a unit.
    Semaphore(Semaphore<Kernel>),
    /// For the event itself.
    Completion(Completion<Kernel>),
}

/// One round: A makes `quanta` events happen, and all others wait for each of them.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let events = Event::of(resolved.quanta as usize, resolved.lock)?;
    let claim =
        (resolved.lock == Lock::WaitEvent).then(|| Guard::new(Lock::Spinlock, "event.lock", "event.lock"));
    trial.race(&|who| match who {
        0 => events.iter().for_each(Event::happen),
        _ => events.iter().for_each(|event| event.wait(claim.as_ref())),
    })?;
    trial.add_lock(claim.and_then(|claim| claim.stats()));
    let taken = events.iter().map(|event| event.taken.load(Relaxed)).max();
    trial.run.owners = trial.run.owners.max(taken.unwrap_or(0));
    Ok(())
}

impl Event {
    fn of(count: usize, form: Lock) -> Result<Vec<Event>, Errno> {
        let mut events = shortage::with_room_for(count)?;
        events.resize_with(count, || Event::new(form));
        Ok(events)
    }

    fn new(form: Lock) -> Self {
        let wake = match form {
            Lock::Semaphore => Wake::Semaphore(Semaphore::new(0)),
            Lock::Completion => Wake::Completion(Completion::new()),
            _ => Wake::Queue(WaitQueue::new()),
        };
        Event { flag: Shared::new(0), taken: AtomicU64::new(0), over: AtomicBool::new(false), wake }
    }

    /// It happens. No probe point: these are the accesses of those who wait.
    fn happen(&self) {
        self.flag.poke(1);
        self.wake_who_waits();
    }

    /// Waits until it has happened, and takes it, or until somebody else has. With a lock to test and clear under, or
    /// without.
    fn wait(&self, claim: Option<&Guard>) {
        match (&self.wake, claim) {
            (Wake::Queue(queue), None) => self.test_then_clear(queue),
            (Wake::Queue(queue), Some(claim)) => self.test_and_clear(queue, claim),
            (Wake::Semaphore(semaphore), _) => {
                semaphore.down();
                self.take_unless_over();
            }
            (Wake::Completion(completion), _) => {
                completion.wait();
                self.take_unless_over();
            }
        }
    }

    /// The module of LDD3: `wait_event` tests, and the next line clears.
    fn test_then_clear(&self, queue: &WaitQueue<Kernel>) {
        let mut is_set = false;
        queue.wait_event(|| {
            is_set = self.is_set();
            is_set || self.is_over()
        });
        if is_set {
            self.flag.store::<Kernel>(&FLAG, 0);
            self.take();
        }
    }

    /// To be woken is only a reason to look. What counts is tested and cleared under the lock.
    fn test_and_clear(&self, queue: &WaitQueue<Kernel>, claim: &Guard) {
        while !self.is_over() {
            queue.wait_event(|| self.is_set() || self.is_over());
            let _held = claim.enter();
            if self.is_set() {
                self.flag.store::<Kernel>(&FLAG, 0);
                self.take();
            }
        }
    }

    /// A unit came: that of the event, or the one that whoever took it passed on.
    fn take_unless_over(&self) {
        match self.is_over() {
            true => self.wake_who_waits(),
            false => self.take(),
        }
    }

    /// The caller is the one that it is for, or believes so.
    fn take(&self) {
        self.taken.fetch_add(1, Relaxed);
        // Pairs with the Acquire in `is_over`.
        self.over.store(true, Release);
        self.wake_who_waits();
    }

    fn wake_who_waits(&self) {
        match &self.wake {
            Wake::Queue(queue) => drop(queue.wake_up_all()),
            Wake::Semaphore(semaphore) => semaphore.up(),
            Wake::Completion(completion) => completion.complete(),
        }
    }

    fn is_set(&self) -> bool {
        self.flag.load::<Kernel>(&FLAG) != 0
    }

    fn is_over(&self) -> bool {
        self.over.load(Acquire)
    }
}
