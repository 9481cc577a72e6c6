//! Semaphores (`linux/semaphore.h`).

use core::ffi::{c_char, c_int, c_long, c_ulong};

use kcore::errno::Errno;
use kcore::event::Waiting;
use kcore::sync::Semaphore;

use super::bug::may_sleep;
use super::time::cycles;
use crate::machine::Kernel;
use crate::module::lock::{Lock, OfDriver};

type Inner = Semaphore<Kernel, OfDriver>;
/// With the units that it begins with.
type CSemaphore = Lock<Inner, c_ulong>;

const _: () = assert!(size_of::<CSemaphore>() <= 32 + 8 * 20, "linux/semaphore.h has more room");

fn semaphore<'a>(at: *const CSemaphore) -> &'a Inner {
    // SAFETY: the driver says that it is a semaphore (I23).
    let lock = unsafe { &*at };
    lock.get("semaphore", waiting(lock.more as usize), |count, watch| Semaphore::new(watch, *count as usize))
}

/// One of one unit is a mutex; any other signals.
fn waiting(count: usize) -> Waiting {
    if count == 1 { Waiting::Sleeps } else { Waiting::Event }
}

pub(in crate::module) unsafe extern "C" fn __sema_init(
    at: *const CSemaphore,
    count: c_int,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    let count = count.max(0) as usize;
    // SAFETY: the driver says that there is room for a semaphore (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), waiting(count), |watch| Semaphore::new(watch, count)) };
}

pub(in crate::module) extern "C" fn down(at: *const CSemaphore) {
    may_sleep("down");
    semaphore(at).down();
}

pub(in crate::module) extern "C" fn down_interruptible(at: *const CSemaphore) -> c_int {
    may_sleep("down_interruptible");
    Errno::answer(semaphore(at).down_interruptible())
}

pub(in crate::module) extern "C" fn down_killable(at: *const CSemaphore) -> c_int {
    may_sleep("down_killable");
    Errno::answer(semaphore(at).down_killable())
}

/// 0 when it has taken one, as Linux's.
pub(in crate::module) extern "C" fn down_trylock(at: *const CSemaphore) -> c_int {
    (!semaphore(at).try_down()).into()
}

pub(in crate::module) extern "C" fn down_timeout(at: *const CSemaphore, jiffies: c_long) -> c_int {
    may_sleep("down_timeout");
    Errno::answer(semaphore(at).down_timeout(cycles(jiffies)))
}

pub(in crate::module) extern "C" fn up(at: *const CSemaphore) {
    semaphore(at).up();
}
