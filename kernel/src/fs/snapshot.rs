//! An open generated file: its text as it was when it was opened, so that reads one after the other fit together.

use alloc::string::String;

use kcore::dev::{FileOperations, Whence};
use kcore::errno::Errno;

use super::generated::Write;
use crate::machine::{Kernel, SpinLock};

/// The text, and where the next read begins.
pub(super) struct Snapshot {
    text: String,
    position: SpinLock<usize>,
    write: Option<Write>,
}

impl Snapshot {
    /// A file with this text, whose writes go to `write`.
    pub(super) fn new(text: String, write: Option<Write>) -> Self {
        Snapshot { text, position: SpinLock::new(0), write }
    }
}

impl FileOperations<Kernel> for Snapshot {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let mut position = self.position.lock();
        let rest = self.text.as_bytes().get(*position..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        *position += count;
        Ok(count)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let write = self.write.ok_or(Errno::EINVAL)?;
        let words = core::str::from_utf8(from).map_err(|_| Errno::EINVAL)?;
        write(words.trim())?;
        Ok(from.len())
    }

    fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let mut position = self.position.lock();
        let from = match whence {
            Whence::Set => 0,
            Whence::Current => *position,
            Whence::End => self.text.len(),
        };
        let to = (from as i64).checked_add(offset).and_then(|to| usize::try_from(to).ok());
        *position = to.ok_or(Errno::EINVAL)?;
        Ok(*position)
    }
}
