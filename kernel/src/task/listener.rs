//! What hears of what the scheduler does: rooms above it, of which it knows nothing but these functions. At
//! first none listens; a room that does says so, and when it is over.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::machine::TaskId;

use crate::atomic_fn::AtomicFn;
use crate::time::NEVER;

/// The running task ends.
pub(crate) static ENDS: AtomicFn = AtomicFn::none();
/// The running task is about to sleep until it is woken, for which no wake-up is kept.
pub(crate) static SLEEPS: AtomicFn = AtomicFn::none();
/// This task was woken.
pub(crate) static WOKEN: AtomicFn<fn(TaskId)> = AtomicFn::none();
/// The last CPU is about to halt. Returns whether that has made a task runnable.
pub(crate) static ALL_HALT: AtomicFn<fn() -> bool> = AtomicFn::none();
/// The clock of some CPU has interrupted it at or after [`NEXT_LOOK`]; that, and the time. May not return to
/// a task that was given up.
pub(crate) static LOOK: AtomicFn<fn(u64, u64)> = AtomicFn::none();
/// When that is to be, in cycles.
pub(crate) static NEXT_LOOK: AtomicU64 = AtomicU64::new(NEVER);

/// The clock of some CPU has interrupted it.
#[inline]
pub(super) fn look(now: u64) {
    let due = NEXT_LOOK.load(Relaxed);
    if now >= due
        && let Some(look) = LOOK.get()
    {
        look(due, now);
    }
}
