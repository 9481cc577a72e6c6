//! Completions (`linux/completion.h`).

use core::ffi::{c_char, c_int, c_long, c_ulong};

use kcore::errno::Errno;
use kcore::event::Waiting;
use kcore::machine::Cpu;
use kcore::sync::Completion;

use super::bug::may_sleep;
use super::time::{cycles, jiffies_in};
use crate::machine::Kernel;
use crate::module::lock::{Lock, OfDriver};

type Inner = Completion<Kernel, OfDriver>;
/// `struct completion`.
pub(in crate::module) type CCompletion = Lock<Inner>;

const _: () = assert!(size_of::<CCompletion>() <= 24 + 8 * 20, "linux/completion.h has more room");

fn completion<'a>(at: *const CCompletion) -> &'a Inner {
    // SAFETY: the driver says that it is a completion (I23).
    let lock = unsafe { &*at };
    lock.get("completion", Waiting::Event, |(), watch| Completion::new(watch))
}

pub(in crate::module) unsafe extern "C" fn __init_completion(
    at: *const CCompletion,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for a completion (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Event, Completion::new) };
}

pub(in crate::module) extern "C" fn reinit_completion(at: *const CCompletion) {
    completion(at).reinit();
}

pub(in crate::module) extern "C" fn wait_for_completion(at: *const CCompletion) {
    may_sleep("wait_for_completion");
    completion(at).wait();
}

/// A driver returns it as it is.
fn restarted(result: Result<(), Errno>) -> c_int {
    result.map_or(Errno::ERESTARTSYS.code(), |()| 0)
}

pub(in crate::module) extern "C" fn wait_for_completion_interruptible(at: *const CCompletion) -> c_int {
    may_sleep("wait_for_completion_interruptible");
    restarted(completion(at).wait_interruptible())
}

pub(in crate::module) extern "C" fn wait_for_completion_killable(at: *const CCompletion) -> c_int {
    may_sleep("wait_for_completion_killable");
    restarted(completion(at).wait_killable())
}

pub(in crate::module) extern "C" fn wait_for_completion_timeout(
    at: *const CCompletion,
    jiffies: c_ulong,
) -> c_ulong {
    may_sleep("wait_for_completion_timeout");
    let wait = cycles(jiffies as c_long);
    let end = Kernel::cycles().saturating_add(wait);
    match completion(at).wait_timeout(wait) {
        Ok(()) => jiffies_in(end.saturating_sub(Kernel::cycles())).max(1),
        Err(_) => 0,
    }
}

pub(in crate::module) extern "C" fn try_wait_for_completion(at: *const CCompletion) -> bool {
    completion(at).try_wait()
}

pub(in crate::module) extern "C" fn completion_done(at: *const CCompletion) -> bool {
    completion(at).is_done()
}

pub(in crate::module) extern "C" fn complete(at: *const CCompletion) {
    completion(at).complete();
}

pub(in crate::module) extern "C" fn complete_all(at: *const CCompletion) {
    completion(at).complete_all();
}
