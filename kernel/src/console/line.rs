//! Lines of the kernel.

use alloc::string::String;
use core::fmt::{self, Arguments, Write};
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use kcore::errno::Errno;

use super::cut::Cut;
use super::{log, screen};
use crate::arch::cpu;
use crate::atomic_fn::AtomicFn;

/// Bytes of a line that is made on the stack.
const LINE: usize = 1024;
/// Bytes of a longer one, which is made on the heap. The longest that there are repeat a command line.
const LONGEST: usize = 16 << 10;

/// Takes a line of a task whose lines go elsewhere; whether it has. Above this room there is a place for
/// them.
pub(crate) static DIVERSION: AtomicFn<fn(&[u8]) -> bool> = AtomicFn::none();

/// Writes one line: formatted first, then sent in one piece. It goes into the [log] and to the screen, or to
/// where the running task has its lines go (`DIVERSION`). One that is too long for that, or for which there
/// is no memory where it is long, ends with three dots.
pub fn line(arguments: Arguments<'_>) {
    let mut line = Cut::<LINE>::new();
    let is_whole = line.write_fmt(arguments).is_ok();
    line.end_line();
    match if is_whole { None } else { long(arguments) } {
        Some(long) => put(long.as_bytes()),
        None => put(line.as_str().as_bytes()),
    }
}

/// Lines below this level come to the screen; those of drivers are for debugging: 7 (Linux:
/// `console_loglevel`).
static LEVEL: AtomicU8 = AtomicU8::new(DEBUG);
const DEBUG: u8 = 7;

/// Which lines come to the screen.
pub fn level() -> u8 {
    LEVEL.load(Relaxed)
}

/// Has lines below `level` come to the screen. [`Errno::EINVAL`] for one that there is not.
pub fn set_level(level: u8) -> Result<(), Errno> {
    if !(1..=DEBUG + 1).contains(&level) {
        return Err(Errno::EINVAL);
    }
    LEVEL.store(level, Relaxed);
    Ok(())
}

/// The same for a line that no user waits for: it is in the [log] alone, unless the user wants to see it.
pub fn note(arguments: Arguments<'_>) {
    let mut line = Cut::<LINE>::new();
    // What does not fit ends with three dots.
    let _ = line.write_fmt(arguments);
    line.end_line();
    log::add(line.as_str().as_bytes());
    if level() > DEBUG {
        screen::write(line.as_str().as_bytes());
    }
}

/// A long line, if the caller may use the heap and there is room.
fn long(arguments: Arguments<'_>) -> Option<String> {
    if !cpu::irq_are_on() {
        return None;
    }
    let mut long = Room(String::new());
    long.0.try_reserve(LONGEST).ok()?;
    writeln!(long, "{arguments}").ok()?;
    Some(long.0)
}

/// Text that never grows beyond the room it has.
struct Room(String);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.capacity() - self.0.len() < text.len() {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

fn put(bytes: &[u8]) {
    if !DIVERSION.get().is_some_and(|take| take(bytes)) {
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
