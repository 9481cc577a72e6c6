//! `BUG`, `WARN`, `might_sleep` (`linux/bug.h`).

use core::ffi::{CStr, c_char, c_int};
use core::fmt::Write;

use kcore::event;
use kcore::module::Wrong;
use kcore::place::Place;
use kcore::report::place;

use crate::context;
use crate::machine::Kernel;
use crate::module::finding::wrong;
use crate::symbols::sites;

pub(in crate::module) unsafe extern "C" fn __scullery_bug(
    what: *const c_char,
    file: *const c_char,
    line: c_int,
) -> ! {
    let (what, file) = texts(what, file);
    panic!("{what} at {file}:{line}")
}

pub(in crate::module) unsafe extern "C" fn __scullery_warn(
    what: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    let (what, file) = texts(what, file);
    wrong(Wrong::Other, |text| write!(text, "{what} at {file}:{line}"));
}

fn texts<'a>(what: *const c_char, file: *const c_char) -> (&'a str, &'a str) {
    let text = |at| {
        // SAFETY: both are texts of the macro (I23).
        unsafe { CStr::from_ptr(at) }.to_str().unwrap_or("?")
    };
    (text(what), text(file))
}

pub(in crate::module) extern "C" fn might_sleep() {
    may_sleep("might_sleep");
}

/// The caller, the function `name`, may sleep: a finding where that is not allowed.
#[track_caller]
pub(in crate::module) fn may_sleep(name: &str) {
    if context::is_atomic() {
        let at = place(sites::of_driver(Place::caller()));
        wrong(Wrong::Sleeps, |text| {
            write!(
                text,
                "{name} at {at} may sleep, and its caller must not: a spinlock is held, or interrupts are off"
            )
        });
    } else {
        event::might_sleep::<Kernel>();
    }
}
