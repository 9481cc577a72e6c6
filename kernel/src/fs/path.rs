//! What can be done with a path besides opening it.

use alloc::vec::Vec;

use kcore::dev::DeviceNumber;
use kcore::errno::Errno;

use super::entry::Entry;
use super::nodes;
use super::tree::{self, Directory, Node};

/// What `path` stands for. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn stat(path: &str) -> Result<Entry, Errno> {
    let node = tree::find(path)?;
    let name = tree::components(path).next_back().unwrap_or("/");
    Ok(node.entry(name))
}

/// The names in a directory, sorted. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn list(path: &str) -> Result<Vec<Entry>, Errno> {
    let Node::Directory(directory) = tree::find(path)? else { return Err(Errno::ENOTDIR) };
    let mut entries = directory.entries();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Gives a device a name in `/dev` (`mknod PATH c MAJOR MINOR`); there need not be a device. [`Errno::EEXIST`],
/// [`Errno::ENOENT`] when the directory is not there, [`Errno::EPERM`] when it is another one.
pub fn mknod(path: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    if tree::find(path).is_ok() {
        return Err(Errno::EEXIST);
    }
    nodes::make(in_dev(path)?, number, mode)
}

/// Takes a name in `/dev` away (`rm`); the device stays. [`Errno::ENOENT`], [`Errno::ENOTDIR`], [`Errno::EISDIR`], and
/// [`Errno::EPERM`] elsewhere.
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
