//! What the compiler puts behind the arrays of a stack frame, and looks at before the function returns
//! (`-fstack-protector-strong`).

use core::sync::atomic::AtomicU64;

use crate::mm::backtrace;
use crate::module::frame;

/// A word that no driver writes by itself.
static GUARD: AtomicU64 = AtomicU64::new(frame::GUARD);

#[expect(non_upper_case_globals, reason = "it is the name of a variable of C")]
pub(in crate::module) const __stack_chk_guard: *const AtomicU64 = &raw const GUARD;

/// It is not there any more.
pub(in crate::module) extern "C" fn __stack_chk_fail() -> ! {
    frame::is_overwritten(backtrace::frame_pointer());
    panic!("a stack frame of a driver is overwritten")
}
