//! Mutexes (`linux/mutex.h`).

use core::ffi::{c_char, c_int};

use kcore::errno::Errno;
use kcore::event::Waiting;
use kcore::sync::{RawMutex, Watched};

use super::bug::may_sleep;
use crate::machine::Kernel;
use crate::module::finding::finding;
use crate::module::lock::{Lock, OfDriver};

type Inner = RawMutex<Kernel, OfDriver>;
type Mutex = Lock<Inner>;

const _: () = assert!(size_of::<Mutex>() <= 24 + 8 * 20, "linux/mutex.h has more room");

/// The mutex at `at`.
fn mutex<'a>(at: *const Mutex) -> &'a Inner {
    // SAFETY: the driver says that it is a mutex (I23).
    let lock = unsafe { &*at };
    lock.get("mutex", Waiting::Sleeps, |(), watch| RawMutex::new(watch))
}

pub(in crate::module) unsafe extern "C" fn __mutex_init(
    at: *const Mutex,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for a mutex (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Sleeps, RawMutex::new) };
}

pub(in crate::module) extern "C" fn mutex_lock(at: *const Mutex) {
    may_sleep("mutex_lock");
    mutex(at).lock();
}

pub(in crate::module) extern "C" fn mutex_lock_interruptible(at: *const Mutex) -> c_int {
    may_sleep("mutex_lock_interruptible");
    Errno::answer(mutex(at).lock_interruptible())
}

pub(in crate::module) extern "C" fn mutex_lock_killable(at: *const Mutex) -> c_int {
    may_sleep("mutex_lock_killable");
    Errno::answer(mutex(at).lock_killable())
}

pub(in crate::module) extern "C" fn mutex_trylock(at: *const Mutex) -> c_int {
    mutex(at).try_lock().into()
}

pub(in crate::module) extern "C" fn mutex_unlock(at: *const Mutex) {
    let mutex = mutex(at);
    if mutex.unlock().is_err() {
        finding(format_args!("mutex_unlock of {} by a task that does not have it", mutex.name().name));
    }
}

pub(in crate::module) extern "C" fn mutex_is_locked(at: *const Mutex) -> bool {
    mutex(at).is_locked()
}
