//! Calls of a driver that fail since a test wants them to.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use kcore::class;
use kcore::place::Place;

use crate::machine::SpinLock;
use crate::symbols::sites;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Failing {
    /// A call for memory, or one that wants some for what it makes or registers: there is none.
    Memory = 1,
    /// A copy from or to the process: nothing is copied.
    Copy = 2,
}

/// The kind of call that is to fail; 0 for none.
static KIND: AtomicU8 = AtomicU8::new(0);
/// Which of them, counted from 1.
static LEFT: AtomicU32 = AtomicU32::new(0);
/// Where the call was that has failed.
static FAILED: SpinLock<Option<Place>> = SpinLock::new(class!("call of a driver that has failed"), None);

/// From now on the call fails that is number `which` of its kind, counted from 1.
pub fn arm(kind: Failing, which: u32) {
    *FAILED.lock_irqsave() = None;
    LEFT.store(which, Relaxed);
    KIND.store(kind as u8, Relaxed);
}

/// None fails any more; whether one has.
pub fn disarm() -> bool {
    KIND.swap(0, Relaxed);
    LEFT.swap(0, Relaxed) == 0
}

/// Where the call was that has failed since [`arm`].
pub fn failed() -> Option<Place> {
    *FAILED.lock_irqsave()
}

/// Whether this call is to fail.
#[inline]
#[track_caller]
pub(super) fn fails(kind: Failing) -> bool {
    if KIND.load(Relaxed) != kind as u8 {
        return false;
    }
    let is_it = LEFT.fetch_sub(1, Relaxed) == 1;
    if is_it {
        KIND.store(0, Relaxed);
        *FAILED.lock_irqsave() = Some(sites::of_driver(Place::caller()));
    }
    is_it
}
