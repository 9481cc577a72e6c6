//! The names of everything that can be opened: `/dev`, `/proc`, `/sys/kernel/debug`.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Credentials, DeviceNumber, OpenFile, OpenFlags};
use kcore::errno::Errno;

use crate::machine::Kernel;

/// An open file of this machine.
pub type File = OpenFile<Kernel>;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// More names.
    Directory,
    /// A character device.
    Device(DeviceNumber),
    /// A file whose text is made when it is read.
    Generated,
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name, without the directories above it.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Who may do what with it, as in `0o666`.
    pub mode: u16,
}

/// Opens `path`, which begins with `/`. [`Errno::ENOENT`], [`Errno::ENOTDIR`], [`Errno::EISDIR`], [`Errno::EACCES`],
/// [`Errno::ENXIO`], and whatever the driver says.
pub fn open(_path: &str, _flags: OpenFlags, _credentials: &Credentials) -> Result<Arc<File>, Errno> {
    Err(Errno::ENOENT)
}

/// What `path` stands for. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn stat(_path: &str) -> Result<Entry, Errno> {
    Err(Errno::ENOENT)
}

/// The names in a directory, sorted. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn list(_path: &str) -> Result<Vec<Entry>, Errno> {
    Err(Errno::ENOENT)
}

/// Gives a device a name below `/dev` (`mknod PATH c MAJOR MINOR`). [`Errno::EEXIST`], [`Errno::EPERM`] elsewhere.
pub fn mknod(_path: &str, _number: DeviceNumber, _mode: u16) -> Result<(), Errno> {
    Err(Errno::EPERM)
}

/// Takes a name below `/dev` away (`rm`). [`Errno::ENOENT`], [`Errno::EPERM`].
pub fn unlink(_path: &str) -> Result<(), Errno> {
    Err(Errno::ENOENT)
}
