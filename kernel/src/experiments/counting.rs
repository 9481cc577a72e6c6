//! A number that is counted up by whoever an exhibit is about, and the guard under which that is done.

use kcore::experiment::{COUNTER, Resolved};
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel};

use super::trial::Trial;

/// A number and its guard.
pub(super) struct Count {
    guard: Guard,
    number: Shared<u64>,
}

impl Count {
    /// 0, behind the guard of `resolved`.
    pub(super) fn new(resolved: &Resolved) -> Self {
        Count { guard: Guard::new(resolved.lock, "counter.lock", "counter.lock"), number: Shared::new(0) }
    }

    /// `i = i + 1` in the critical section.
    #[track_caller]
    pub(super) fn increment(&self) {
        self.increment_slowly(|| {});
    }

    /// [`increment`](Count::increment), and something else between load and store.
    #[track_caller]
    pub(super) fn increment_slowly(&self, between: impl FnOnce()) {
        let _held = self.guard.enter();
        let i = self.number.load::<Kernel>(&COUNTER);
        between();
        self.number.store::<Kernel>(&COUNTER, i + 1);
    }

    /// Nobody counts any more: of `made` increments those that are missing were lost.
    pub(super) fn close(&self, made: u64, trial: &mut Trial<'_>) {
        trial.add_lock(self.guard.stats());
        trial.run.lost_updates += made - self.number.peek();
    }
}
