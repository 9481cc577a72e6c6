//! A text that grows as long as there is memory.

use alloc::string::String;
use core::fmt;

use kcore::errno::Errno;

use super::{heap, shortage};

/// A text takes at most one in so many of the bytes that are free: the task that asks for one must not be the
/// end of those that cannot go on without memory.
const SHARE: usize = 4;

/// A text about something that may be as large as the heap: where a [`String`] would end the machine, this
/// takes no more.
#[derive(Debug, Default)]
pub struct Text {
    so_far: String,
}

impl Text {
    /// The text that `write` writes. Its error; but [`Errno::ENOMEM`] where it found that this takes no more,
    /// which is [`Errno::ENOSPC`] to it.
    pub fn written(write: impl FnOnce(&mut Text) -> Result<(), Errno>) -> Result<String, Errno> {
        let mut text = Text::default();
        match write(&mut text) {
            Ok(()) => Ok(text.so_far),
            Err(Errno::ENOSPC) => Err(Errno::ENOMEM),
            Err(errno) => Err(errno),
        }
    }

    /// The same of one that fails in no other way.
    pub fn of(write: impl FnOnce(&mut Text) -> fmt::Result) -> Result<String, Errno> {
        Text::written(|text| write(text).map_err(|_| Errno::ENOSPC))
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let needed = self.so_far.len() + more.len();
        // A string doubles when it grows, and both lengths are there for a moment.
        if needed > self.so_far.capacity() && heap::room().free / SHARE < 3 * needed {
            return Err(fmt::Error);
        }
        shortage::without(|| self.so_far.try_reserve(more.len())).map_err(|_| fmt::Error)?;
        self.so_far.push_str(more);
        Ok(())
    }
}
