//! What can be done with a path: look at what it stands for, open it, make and take away names.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Credentials, DeviceNumber, OpenFile, OpenFlags};
use kcore::errno::Errno;

use crate::dev;
use crate::machine::Kernel;

use super::generated::{Generated, Snapshot};
use super::nodes;
use super::tree::{self, Directory, Node};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// More names.
    Directory,
    /// A character device.
    Device(DeviceNumber),
    /// A file whose text is made when it is opened.
    Generated,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the directories above it.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// What a user may do with it, as in `0o666`.
    pub mode: u16,
}

/// What `path` stands for. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn stat(path: &str) -> Result<Entry, Errno> {
    let node = tree::find(path)?;
    let name = tree::components(path).next_back().unwrap_or("/");
    Ok(node.entry(name))
}

/// `path` as it is written shortest, where every name in it is that of a directory: there are no links, so
/// what comes before a `..` goes with it.
pub fn shortest(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in tree::components(path) {
        match name {
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    alloc::format!("/{}", names.join("/"))
}

/// The names in a directory, sorted. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn list(path: &str) -> Result<Vec<Entry>, Errno> {
    let Node::Directory(directory) = tree::find(path)? else { return Err(Errno::ENOTDIR) };
    let mut entries = directory.entries();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Gives a device a name in `/dev` (`mknod PATH c MAJOR MINOR`); there need not be a device.
/// [`Errno::EEXIST`], [`Errno::ENOENT`] when the directory is not there or `path` is to be one,
/// [`Errno::EPERM`] when it is another one.
pub fn mknod(path: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    match tree::find(path) {
        Ok(_) => return Err(Errno::EEXIST),
        Err(errno) if tree::means_directory(path) => return Err(errno),
        Err(_) => {}
    }
    nodes::make(in_dev(path)?, number, mode)
}

/// Takes a name in `/dev` away (`rm`); the device stays. [`Errno::ENOENT`], [`Errno::ENOTDIR`],
/// [`Errno::EISDIR`], and [`Errno::EPERM`] elsewhere.
pub fn unlink(path: &str) -> Result<(), Errno> {
    if let Node::Directory(_) = tree::find(path)? {
        return Err(Errno::EISDIR);
    }
    nodes::unlink(in_dev(path)?)
}

/// The last component of a path in `/dev`.
fn in_dev(path: &str) -> Result<&str, Errno> {
    let (above, name) = tree::parent(path)?;
    match above {
        Directory::Dev => Ok(name),
        _ => Err(Errno::EPERM),
    }
}

/// An open file of this machine.
pub type File = OpenFile<Kernel>;

/// Opens `path`, which begins with `/`. [`Errno::ENOENT`], [`Errno::ENOTDIR`], [`Errno::EISDIR`],
/// [`Errno::EACCES`], [`Errno::ENXIO`] for a name whose device is not there, and whatever the driver says.
/// May sleep.
pub fn open(path: &str, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    match tree::find(path)? {
        Node::Directory(_) => Err(Errno::EISDIR),
        Node::Device(node) => {
            permitted(node.mode, flags, credentials)?;
            dev::registry().open(node.number, flags, credentials)
        }
        Node::Generated(file) => generated(&file, flags, credentials),
    }
}

fn generated(file: &Generated, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    permitted(file.mode(), flags, credentials)?;
    if flags.contains(OpenFlags::WRITE) && file.write().is_none() {
        return Err(Errno::EACCES);
    }
    // A caller that only writes does not wait for the text.
    let text = if flags.contains(OpenFlags::READ) { file.text()? } else { String::new() };
    Ok(Arc::new(OpenFile::new(Box::new(Snapshot::new(text, file.write())), flags)))
}

/// Whether the mode bits of something that belongs to the superuser allow it (path_resolution(7)).
/// [`Errno::EACCES`].
fn permitted(mode: u16, flags: OpenFlags, credentials: &Credentials) -> Result<(), Errno> {
    const READ: u16 = 4;
    const WRITE: u16 = 2;
    let bits = if credentials.euid == 0 { mode >> 6 } else { mode };
    let wants = |flag, bit| flags.contains(flag) && bits & bit == 0;
    let lacks = wants(OpenFlags::READ, READ) || wants(OpenFlags::WRITE, WRITE);
    if lacks && !credentials.dac_override { Err(Errno::EACCES) } else { Ok(()) }
}
