//! A number that is counted up by whoever an exhibit is about, and the guard under which that is done.
//!
//! Handlers, softirqs and tasklets are bare functions: they find the number that they are to count [here](on_duty), where the
//! round under way has [published](Count::publish) it.

use alloc::sync::Arc;
use core::ops::Deref;
use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use kcore::experiment::COUNTER;
use kcore::machine::Cpu;
use kcore::settings::Lock;
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel, SpinLock};

use super::trial::Trial;

/// The number of the round under way, if others than its tasks count.
static PUBLISHED: SpinLock<Option<Arc<Count>>> = SpinLock::new(None);

/// A number and its guard.
pub(super) struct Count {
    guard: Guard,
    number: Shared<u64>,
    begun: AtomicU64,
    handled: AtomicU64,
}

impl Count {
    /// 0, guarded by `lock`.
    pub(super) fn new(lock: Lock) -> Self {
        Count {
            guard: Guard::new(lock, "counter.lock", "counter.lock"),
            number: Shared::new(0),
            begun: AtomicU64::new(0),
            handled: AtomicU64::new(0),
        }
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

    /// [`increment_slowly`](Count::increment_slowly) by somebody who is no task of the crew, and is counted therefore.
    #[track_caller]
    pub(super) fn handle(&self, between: impl FnOnce()) {
        self.begun.fetch_add(1, Release);
        self.increment_slowly(between);
        self.handled.fetch_add(1, Release);
    }

    /// How often [`handle`](Count::handle) has begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Acquire)
    }

    /// How often [`handle`](Count::handle) has ended.
    pub(super) fn handled(&self) -> u64 {
        self.handled.load(Acquire)
    }

    /// Nobody counts any more: of the increments of the tasks, which made `made`, and of the others those that are missing
    /// were lost.
    pub(super) fn close(&self, made: u64, trial: &mut Trial<'_>) {
        trial.add_lock(self.guard.stats());
        trial.run.lost_updates += made + self.handled.load(Relaxed) - self.number.peek();
    }

    /// Lets handlers find it from now on.
    pub(super) fn publish(self) -> Published {
        let count = Arc::new(self);
        *PUBLISHED.lock_irqsave() = Some(Arc::clone(&count));
        Published { count }
    }
}

/// The number that a handler is to count, if there is one at the moment.
pub(super) fn on_duty() -> Option<Arc<Count>> {
    PUBLISHED.lock_irqsave().clone()
}

/// What a handler does that only counts: adds 1 to the number, if there is one at the moment. The caller's place is the
/// handler's, so a handler is written as a closure around this.
#[track_caller]
pub(super) fn count() {
    if let Some(count) = on_duty() {
        count.handle(|| {});
    }
}

/// A number that handlers find as long as this lives.
pub(super) struct Published {
    count: Arc<Count>,
}

impl Published {
    /// Lets no more handlers find it, waits for those that have found it already, and [closes](Count::close) it. To be
    /// called when the tasks of the round have ended by themselves: a handler that was given up would be waited for in vain.
    pub(super) fn close(self, made: u64, trial: &mut Trial<'_>) {
        withdraw();
        while Arc::strong_count(&self.count) > 1 {
            Kernel::relax();
        }
        // Pairs with the Release with which each of them gave its own up: what they counted last is seen.
        fence(Acquire);
        self.count.close(made, trial);
    }
}

impl Deref for Published {
    type Target = Count;
    fn deref(&self) -> &Count {
        &self.count
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        withdraw();
    }
}

/// Handlers find no number any more.
pub(super) fn withdraw() {
    let before = PUBLISHED.lock_irqsave().take();
    // What is freed is freed without the lock.
    drop(before);
}
