//! The number of the round under way, if others than its tasks count.
//!
//! Handlers, softirqs and tasklets are bare functions: they find the number that they are to count
//! [here](on_duty), where the round under way has [published](publish) it.

use alloc::sync::Arc;
use core::ops::Deref;
use core::sync::atomic::{Ordering::Acquire, fence};

use kcore::class;
use kcore::experiment::stage;
use kcore::machine::Cpu;

use crate::machine::{Kernel, SpinLock};

use super::Stage;

/// A number of this machine.
pub(super) type Count = stage::Count<Kernel>;

/// The number.
static PUBLISHED: SpinLock<Option<Arc<Count>>> = SpinLock::new(class!("published number"), None);

/// Lets handlers find `count` from now on.
pub(super) fn publish(count: Count) -> Published {
    let count = Arc::new(count);
    *PUBLISHED.lock_irqsave() = Some(Arc::clone(&count));
    Published { count }
}

/// The number that a handler is to count, if there is one at the moment.
pub(super) fn on_duty() -> Option<Arc<Count>> {
    PUBLISHED.lock_irqsave().clone()
}

/// What a handler does that only counts: adds 1 to the number, if there is one at the moment. The caller's
/// place is the handler's, so a handler is written as a closure around this.
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
    /// Lets no more handlers find it, waits for those that have found it already, and [closes](Count::close)
    /// it. To be called when the tasks of the round have ended by themselves: a handler that was given up
    /// would be waited for in vain.
    pub(super) fn close(self, made: u64, stage: &mut Stage<'_>) {
        withdraw();
        while Arc::strong_count(&self.count) > 1 {
            Kernel::relax();
        }
        // Pairs with the Release with which each of them gave its own up: what they counted last is seen.
        fence(Acquire);
        self.count.close(made, stage);
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
