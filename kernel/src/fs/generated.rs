//! A file whose text is made when it is opened; and one that is open, with its text as it was then, so that
//! reads one after the other fit together.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use kcore::class;
use kcore::dev::{Cdev, Credentials, FileOperations, OpenFile, OpenFlags, Whence};
use kcore::errno::Errno;

use super::File;
use crate::machine::{Kernel, SpinLock};

/// Does what is written to a file: words, without the end of the line.
type Write = dyn Fn(&str) -> Result<(), Errno> + Send + Sync;

/// Makes the text.
type Text = dyn Fn() -> Result<Cow<'static, [u8]>, Errno> + Send + Sync;

/// A file whose text is made when it is opened (Linux: `seq_file`, but all at once); or one of a driver's.
#[derive(Clone)]
pub struct Generated {
    source: Source,
    mode: u16,
}

#[derive(Clone)]
enum Source {
    Text(Arc<Text>, Option<Arc<Write>>),
    Driver(Arc<Cdev<Kernel>>),
}

impl Generated {
    /// A file that can be read: `text` makes it, and may sleep and fail.
    pub fn new(text: impl Fn() -> Result<String, Errno> + Send + Sync + 'static) -> Self {
        Self::of(
            Source::Text(Arc::new(move || text().map(|text| Cow::Owned(text.into_bytes()))), None),
            0o444,
        )
    }

    /// A file that has always the same in it.
    pub(super) fn fixed(bytes: &'static [u8]) -> Self {
        Self::of(Source::Text(Arc::new(move || Ok(Cow::Borrowed(bytes))), None), 0o444)
    }

    /// A file that is what a driver makes when it is opened.
    pub fn of_driver(device: Arc<Cdev<Kernel>>, mode: u16) -> Self {
        Self::of(Source::Driver(device), mode)
    }

    fn of(source: Source, mode: u16) -> Self {
        Generated { source, mode }
    }

    /// A file that can be written, too: `write` is given each write by itself.
    pub fn writable(self, write: impl Fn(&str) -> Result<(), Errno> + Send + Sync + 'static) -> Self {
        match self.source {
            Source::Text(text, _) => Self::of(Source::Text(text, Some(Arc::new(write))), 0o644),
            Source::Driver(_) => self,
        }
    }

    /// The same, but a user may do that with it.
    pub fn with_mode(self, mode: u16) -> Self {
        Generated { mode, ..self }
    }

    /// What a user may do with it.
    pub fn mode(&self) -> u16 {
        self.mode
    }

    /// Opens it. [`Errno::EACCES`] for a text that takes no writes, and what makes it says.
    pub(super) fn open(&self, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
        match &self.source {
            Source::Driver(device) => Arc::clone(device).open_unused(flags, credentials),
            Source::Text(_, None) if flags.contains(OpenFlags::WRITE) => Err(Errno::EACCES),
            Source::Text(text, write) => {
                // A caller that only writes does not wait for the text.
                let text = if flags.contains(OpenFlags::READ) { text()? } else { Cow::default() };
                let position = SpinLock::new(class!("position of a text"), 0);
                let snapshot = Box::new(Snapshot { text, position, write: write.clone() });
                Ok(Arc::new(OpenFile::new(snapshot, flags)))
            }
        }
    }

    /// Its name is gone. Of a driver's, no call is under way any more when this returns.
    pub(super) fn unplug(&self) {
        if let Source::Driver(device) = &self.source {
            device.unplug();
        }
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// The text, and where the next read begins.
struct Snapshot {
    text: Cow<'static, [u8]>,
    position: SpinLock<usize>,
    write: Option<Arc<Write>>,
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
        let write = self.write.as_ref().ok_or(Errno::EINVAL)?;
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
