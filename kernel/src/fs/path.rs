//! What a path stands for, and what can be done with it besides opening it.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::dev::DeviceNumber;
use kcore::errno::Errno;

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
    /// Who may do what with it, as in `0o666`.
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
