//! Lines of the kernel.

use core::fmt::{self, Write};

use super::{log, screen};
use crate::process::output;

/// Bytes of a line; a longer one is cut.
const LINE: usize = 1024;

/// Writes one line: formatted first, then sent in one piece. It goes into the [log](super::log) and to the screen, or to
/// where the running task has [its lines go](output::divert).
pub fn line(arguments: fmt::Arguments<'_>) {
    let mut line = Line { text: heapless::String::new() };
    // A line that does not fit is cut; there is nobody to tell.
    let _ = line.write_fmt(arguments);
    if line.text.push('\n').is_err() {
        line.text.pop();
        let _ = line.text.push('\n');
    }
    let bytes = line.text.as_bytes();
    if !output::take(bytes) {
        log::add(bytes);
        screen::write(bytes);
    }
}

/// A line in the making, which takes as much as fits.
struct Line {
    text: heapless::String<LINE>,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.text.push(c).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

/// Prints a line on COM1.
#[macro_export]
macro_rules! println {
    () => { $crate::console::line::line(core::format_args!("")) };
    ($($arguments:tt)+) => { $crate::console::line::line(core::format_args!($($arguments)+)) };
}
