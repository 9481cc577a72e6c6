//! COM1: lines for people.

use core::fmt::{self, Write};

use super::uart::Serial;

static COM1: Serial = Serial::new(0x3f8, "com1.lock");

/// Bytes of a line; a longer one is cut.
const LINE: usize = 1024;

/// Sets the port up.
pub fn init() {
    COM1.init();
}

/// Writes one line: formatted first, then sent in one piece.
pub fn line(arguments: fmt::Arguments<'_>) {
    let mut line = Line { text: heapless::String::new() };
    // A line that does not fit is cut; there is nobody to tell.
    let _ = line.write_fmt(arguments);
    if line.text.push('\n').is_err() {
        line.text.pop();
        let _ = line.text.push('\n');
    }
    COM1.write(line.text.as_bytes());
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
    () => { $crate::console::com1::line(core::format_args!("")) };
    ($($arguments:tt)+) => { $crate::console::com1::line(core::format_args!($($arguments)+)) };
}
