//! A number that is counted up by the tasks and handlers that an experiment is about, and the guard under
//! which that is done.

#![forbid(unsafe_code)]

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::rig::Rig;
use super::round::Stage;
use crate::class;
use crate::event::Site;
use crate::machine::Machine;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::Guard;

/// The number: points `counter.load` and `counter.store`.
static COUNTER: Site = Site::new("counter");

/// A number and its guard.
pub struct Count<M: Machine> {
    guard: Guard<M>,
    number: Shared<u64>,
    begun: AtomicU64,
    handled: AtomicU64,
}

impl<M: Machine> Count<M> {
    /// 0, guarded by `lock`.
    pub fn new(lock: Form) -> Self {
        Count {
            guard: Guard::new(lock, "counter.lock", class!("counter.lock")),
            number: Shared::new(0),
            begun: AtomicU64::new(0),
            handled: AtomicU64::new(0),
        }
    }

    /// `i = i + 1` in the critical section.
    #[track_caller]
    pub fn increment(&self) {
        self.increment_slowly(|| {});
    }

    /// [`increment`](Count::increment), and something else between load and store.
    #[track_caller]
    pub fn increment_slowly(&self, between: impl FnOnce()) {
        let _held = self.guard.enter();
        let i = self.number.load::<M>(&COUNTER);
        between();
        self.number.store::<M>(&COUNTER, i + 1);
    }

    /// [`increment_slowly`](Count::increment_slowly) by one that is no task of the crew, and is counted
    /// therefore.
    #[track_caller]
    pub fn handle(&self, between: impl FnOnce()) {
        self.begun.fetch_add(1, Release);
        self.increment_slowly(between);
        self.handled.fetch_add(1, Release);
    }

    /// How often [`handle`](Count::handle) has begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Acquire)
    }

    /// How often [`handle`](Count::handle) has ended.
    pub fn handled(&self) -> u64 {
        self.handled.load(Acquire)
    }
}

impl<M: Rig> Count<M> {
    /// Nothing counts any more: of the increments of the tasks, which made `made`, and of the others those
    /// that are missing were lost.
    pub fn close(&self, made: u64, stage: &mut Stage<'_, M>) {
        stage.add_lock(self.guard.stats());
        stage.run.lost_updates += made + self.handled.load(Relaxed) - self.number.audit();
    }
}
