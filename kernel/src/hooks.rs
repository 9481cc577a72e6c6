//! The hooks: where accesses to shared memory and lock events arrive.

use core::panic::Location;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use kcore::machine::{Access, Listeners, LockEvent, LockName};

static LISTENERS: AtomicU8 = AtomicU8::new(0);

/// Who is listening now.
#[inline]
pub fn listeners() -> Listeners {
    Listeners::from_bits_retain(LISTENERS.load(Relaxed))
}

/// A task is about to access shared memory.
pub fn access(_access: &Access) {}

/// Something happens to an observed lock.
pub fn lock(_event: LockEvent, _lock: &LockName, _address: usize, _location: &'static Location<'static>) {}
