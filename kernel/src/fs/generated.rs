//! A file whose text is made when it is opened; and one that is open, with its text as it was then, so that
//! reads one after the other fit together.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use kcore::class;
use kcore::dev::{FileOperations, Whence};
use kcore::errno::Errno;

use crate::machine::{Kernel, SpinLock};

/// Does what is written to a file: words, without the end of the line.
pub type Write = fn(&str) -> Result<(), Errno>;

/// Makes the text.
type Text = dyn Fn() -> Result<Cow<'static, [u8]>, Errno> + Send + Sync;

/// A file whose text is made when it is opened (Linux: `seq_file`, but all at once).
#[derive(Clone)]
pub struct Generated {
    text: Arc<Text>,
    write: Option<Write>,
}

impl Generated {
    /// A file that can be read: `text` makes it, and may sleep and fail.
    pub fn new(text: impl Fn() -> Result<String, Errno> + Send + Sync + 'static) -> Self {
        Generated { text: Arc::new(move || text().map(|text| Cow::Owned(text.into_bytes()))), write: None }
    }

    /// A file that has always the same in it.
    pub(super) fn fixed(bytes: &'static [u8]) -> Self {
        Generated { text: Arc::new(move || Ok(Cow::Borrowed(bytes))), write: None }
    }

    /// A file that can be written, too: `write` is given each write by itself.
    pub fn writable(self, write: Write) -> Self {
        Generated { write: Some(write), ..self }
    }

    /// What a user may do with it.
    pub fn mode(&self) -> u16 {
        if self.write.is_some() { 0o644 } else { 0o444 }
    }

    /// What takes writes, if anything does.
    pub(super) fn write(&self) -> Option<Write> {
        self.write
    }

    /// The text as it is now.
    pub(super) fn text(&self) -> Result<Cow<'static, [u8]>, Errno> {
        (self.text)()
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("mode", &self.mode()).finish_non_exhaustive()
    }
}

/// The text, and where the next read begins.
pub(super) struct Snapshot {
    text: Cow<'static, [u8]>,
    position: SpinLock<usize>,
    write: Option<Write>,
}

impl Snapshot {
    /// A file with this text, whose writes go to `write`.
    pub(super) fn new(text: Cow<'static, [u8]>, write: Option<Write>) -> Self {
        Snapshot { text, position: SpinLock::new(class!("position of a text"), 0), write }
    }
}

impl FileOperations<Kernel> for Snapshot {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let mut position = self.position.lock();
        let rest = self.text.get(*position..).unwrap_or_default();
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
