//! Semaphores for readers and writers (`linux/rwsem.h`).

use core::ffi::{c_char, c_int};

use kcore::event::Waiting;
use kcore::sync::RwSemaphore;

use super::bug::may_sleep;
use crate::machine::Kernel;
use crate::module::lock::{Lock, OfDriver};

type Inner = RwSemaphore<Kernel, OfDriver>;
type CRwSemaphore = Lock<Inner>;

const _: () = assert!(size_of::<CRwSemaphore>() <= 24 + 8 * 32, "linux/rwsem.h has more room");

fn semaphore<'a>(at: *const CRwSemaphore) -> &'a Inner {
    // SAFETY: the driver says that it is such a semaphore (I23).
    let lock = unsafe { &*at };
    lock.get("rw_semaphore", Waiting::Sleeps, |(), watch| RwSemaphore::new(watch))
}

pub(in crate::module) unsafe extern "C" fn __init_rwsem(
    at: *const CRwSemaphore,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for one (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Sleeps, RwSemaphore::new) };
}

pub(in crate::module) extern "C" fn down_read(at: *const CRwSemaphore) {
    may_sleep("down_read");
    semaphore(at).down_read();
}

pub(in crate::module) extern "C" fn down_read_trylock(at: *const CRwSemaphore) -> c_int {
    semaphore(at).try_down_read().into()
}

pub(in crate::module) extern "C" fn up_read(at: *const CRwSemaphore) {
    semaphore(at).up_read();
}

pub(in crate::module) extern "C" fn down_write(at: *const CRwSemaphore) {
    may_sleep("down_write");
    semaphore(at).down_write();
}

pub(in crate::module) extern "C" fn down_write_trylock(at: *const CRwSemaphore) -> c_int {
    semaphore(at).try_down_write().into()
}

pub(in crate::module) extern "C" fn up_write(at: *const CRwSemaphore) {
    semaphore(at).up_write();
}

pub(in crate::module) extern "C" fn downgrade_write(at: *const CRwSemaphore) {
    semaphore(at).downgrade_write();
}
