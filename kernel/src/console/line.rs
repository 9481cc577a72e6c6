//! Lines of the kernel.

use core::fmt::{Arguments, Write};

use super::cut::Cut;
use super::{log, screen};
use crate::process::output;

/// Bytes of a line; a longer one is cut.
const LINE: usize = 1024;

/// Writes one line: formatted first, then sent in one piece. It goes into the [log] and to the screen, or to
/// where the running task has [its lines go](output::divert).
pub fn line(arguments: Arguments<'_>) {
    let mut line = Cut::<LINE>::new();
    // A line that does not fit is cut; there is nobody to tell.
    let _ = line.write_fmt(arguments);
    line.end_line();
    let bytes = line.as_str().as_bytes();
    if !output::take(bytes) {
        log::add(bytes);
        screen::write(bytes);
    }
}

/// Prints a line on COM1.
#[macro_export]
macro_rules! println {
    () => { $crate::console::line::line(core::format_args!("")) };
    ($($arguments:tt)+) => { $crate::console::line::line(core::format_args!($($arguments)+)) };
}
