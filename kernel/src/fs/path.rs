//! What can be done with a path: look at what it stands for, open it, make and take away names.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Credentials, DeviceNumber, OpenFile, OpenFlags};
use kcore::errno::Errno;

use crate::dev;
use crate::machine::Kernel;

use super::nodes;
use super::tree::{self, Directory, Node};
use kcore::sort;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// More names.
    Directory,
    /// A character device.
    Device(DeviceNumber),
    /// A file whose text is made when it is opened.
    Generated,
    /// Another path.
    Link(Arc<str>),
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
    /// The number of its group.
    pub group: u32,
}

/// What `path` stands for. [`Errno::ENOENT`], [`Errno::ENOTDIR`].
pub fn stat(path: &str) -> Result<Entry, Errno> {
    tree::find(path).map(|node| entry(path, &node))
}

/// [`stat`], but a link is one.
pub fn lstat(path: &str) -> Result<Entry, Errno> {
    tree::find_name(path).map(|node| entry(path, &node))
}

fn entry(path: &str, node: &Node) -> Entry {
    node.entry(tree::components(path).next_back().unwrap_or("/"))
}

/// `path` as it is written shortest, where every name in it is that of a directory: no link leads to one, so
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
    sort::any(&mut entries, |a, b| a.name < b.name);
    Ok(entries)
}

/// Gives a device a name in `/dev` (`mknod PATH c MAJOR MINOR`); there need not be a device.
/// [`Errno::EEXIST`], [`Errno::ENOENT`] when the directory is not there or `path` is to be one,
/// [`Errno::EPERM`] when it is another one.
pub fn mknod(path: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    nodes::make(new_name(path)?, number, mode)
}

/// Has a name in `/dev` stand for another path (`ln -s`). Errors as for [`mknod`].
pub fn symlink(to: &str, path: &str) -> Result<(), Errno> {
    nodes::link(new_name(path)?, to)
}

/// The last component of a path in `/dev` that stands for nothing yet.
fn new_name(path: &str) -> Result<&str, Errno> {
    match tree::find_name(path) {
        Ok(_) => return Err(Errno::EEXIST),
        Err(errno) if tree::means_directory(path) => return Err(errno),
        Err(_) => {}
    }
    in_dev(path)
}

/// Changes what users may do with a device that has a name in `/dev` (`chmod`) to what `mode` makes of it.
/// [`Errno::ENOENT`], [`Errno::EPERM`] elsewhere.
pub fn chmod(path: &str, mode: impl FnOnce(u16) -> u16) -> Result<(), Errno> {
    change(path, |node| node.mode = mode(node.mode) & 0o777)
}

/// Changes the group of a device that has a name in `/dev` (`chgrp`). Errors as for [`chmod`].
pub fn chgrp(path: &str, group: u32) -> Result<(), Errno> {
    change(path, |node| node.group = group)
}

fn change(path: &str, with: impl FnOnce(&mut nodes::DeviceNode)) -> Result<(), Errno> {
    let Node::Link(to) = tree::find_name(path)? else { return nodes::change(in_dev(path)?, with) };
    // Of a link it is the device that is changed.
    let to = if to.starts_with('/') { to } else { alloc::format!("/dev/{to}").into() };
    nodes::change(in_dev(&to)?, with)
}

/// Takes a name in `/dev` away (`rm`); the device stays. [`Errno::ENOENT`], [`Errno::ENOTDIR`],
/// [`Errno::EISDIR`], and [`Errno::EPERM`] elsewhere.
pub fn unlink(path: &str) -> Result<(), Errno> {
    if let Node::Directory(_) = tree::find_name(path)? {
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
        _ if flags.contains(OpenFlags::EXCLUSIVE) => Err(Errno::EEXIST),
        Node::Directory(_) => Err(Errno::EISDIR),
        Node::Device(node) => {
            permitted(node.mode, flags, credentials)?;
            dev::registry().open(node.number, flags, credentials)
        }
        Node::Generated(file) => {
            permitted(file.mode(), flags, credentials)?;
            file.open(flags, credentials)
        }
        Node::Link(_) => Err(Errno::ELOOP),
    }
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
