//! What each name stands for.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::machine::TaskId;

use super::nodes::{self, DeviceNode, Name};
use super::path::{Entry, Kind};
use super::{Generated, groups, made, mount, proc};
use crate::console::line;
use crate::kmemleak;
use crate::task::{self, table};

/// Something that has a name.
pub(super) enum Node {
    Directory(Directory),
    Device(DeviceNode),
    Generated(Generated),
    /// Another path, which begins in the directory that it is in.
    Link(Arc<str>),
}

/// Most links that lead from one to the next.
const LINKS: u32 = 8;

/// The directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directory {
    Root,
    Dev,
    Proc,
    /// A task's, in `/proc`.
    Task(TaskId),
    /// `/proc/sys`.
    ProcSys,
    /// `/proc/sys/kernel`.
    ProcSysKernel,
    Sys,
    /// `/sys/kernel`.
    SysKernel,
    /// `/sys/kernel/debug`.
    Debug,
    Etc,
    /// `/mnt`, or one below it by its path from there, which ends with a slash.
    Mount(&'static str),
    /// One that a module has made, by its path.
    Made(&'static str),
}

/// The names of a path: empty ones and `.` are nothing.
pub(super) fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// What `path` stands for. [`Errno::ENOENT`], also for a path that does not begin with `/`;
/// [`Errno::ENOTDIR`].
pub(super) fn find(path: &str) -> Result<Node, Errno> {
    let node = find_name(path)?.followed()?;
    if means_directory(path) { Ok(Node::Directory(node.directory()?)) } else { Ok(node) }
}

/// [`find`], but a link is one, unless the path means a directory.
pub(super) fn find_name(path: &str) -> Result<Node, Errno> {
    let rest = path.strip_prefix('/').ok_or(Errno::ENOENT)?;
    walk(components(rest))
}

/// A path that ends with a slash means a directory.
pub(super) fn means_directory(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

/// The directory that the last name of `path` is in, and that name. [`Errno::EEXIST`] for the root.
pub(super) fn parent(path: &str) -> Result<(Directory, &str), Errno> {
    let rest = path.strip_prefix('/').ok_or(Errno::ENOENT)?;
    let mut names = components(rest);
    let name = names.next_back().ok_or(Errno::EEXIST)?;
    Ok((walk(names)?.directory()?, name))
}

/// Where `names` lead from the root. No link leads to a directory.
fn walk<'a>(names: impl Iterator<Item = &'a str>) -> Result<Node, Errno> {
    let mut node = Node::Directory(Directory::Root);
    for name in names {
        let directory = node.directory()?;
        node = match name {
            ".." => Node::Directory(directory.parent()),
            _ => directory.child(name).ok_or(Errno::ENOENT)?,
        };
    }
    Ok(node)
}

impl Node {
    /// What it stands for in the end, if it is a link: they are in `/dev`. [`Errno::ENOENT`],
    /// [`Errno::ELOOP`].
    fn followed(self) -> Result<Node, Errno> {
        let mut node = self;
        for _ in 0..LINKS {
            let Node::Link(to) = &node else { return Ok(node) };
            node = match to.strip_prefix('/') {
                Some(rest) => walk(components(rest))?,
                None => walk(["dev"].into_iter().chain(components(to)))?,
            };
        }
        Err(Errno::ELOOP)
    }

    /// [`Errno::ENOTDIR`] unless it is one.
    fn directory(&self) -> Result<Directory, Errno> {
        match self {
            Node::Directory(directory) => Ok(*directory),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// What `ls` shows of it.
    pub(super) fn entry(&self, name: impl Into<String>) -> Entry {
        let (kind, mode) = match self {
            Node::Directory(Directory::Dev) => (Kind::Directory, 0o755),
            Node::Directory(_) => (Kind::Directory, 0o555),
            Node::Device(node) => (Kind::Device(node.number), node.mode),
            Node::Generated(file) => (Kind::Generated, file.mode()),
            Node::Link(to) => (Kind::Link(Arc::clone(to)), 0o777),
        };
        let group = if let Node::Device(node) = self { node.group } else { 0 };
        Entry { name: name.into(), kind, mode, group }
    }
}

impl Directory {
    fn parent(self) -> Directory {
        match self {
            Directory::Root | Directory::Dev | Directory::Proc | Directory::Sys | Directory::Etc => {
                Directory::Root
            }
            Directory::Mount(below) => mount::parent(below).map_or(Directory::Root, Directory::Mount),
            Directory::Task(_) | Directory::ProcSys => Directory::Proc,
            Directory::ProcSysKernel => Directory::ProcSys,
            Directory::SysKernel => Directory::Sys,
            Directory::Debug => Directory::SysKernel,
            Directory::Made(path) => {
                let above = path.rfind('/').map_or("", |slash| &path[..slash]);
                find(above).ok().and_then(|node| node.directory().ok()).unwrap_or(Directory::Root)
            }
        }
    }

    /// Its path, if modules may make something there.
    fn path(self) -> Option<&'static str> {
        match self {
            Directory::Proc => Some("/proc"),
            Directory::Sys => Some("/sys"),
            Directory::SysKernel => Some("/sys/kernel"),
            Directory::Debug => Some("/sys/kernel/debug"),
            Directory::Made(path) => Some(path),
            _ => None,
        }
    }

    /// What `name` stands for in it.
    fn child(self, name: &str) -> Option<Node> {
        self.own_child(name).or_else(|| made::find(self.path()?, name))
    }

    /// The same, but for what modules have made.
    fn own_child(self, name: &str) -> Option<Node> {
        match self {
            Directory::Made(_) => None,
            Directory::Dev => nodes::find(name).map(|name| match name {
                Name::Device(node) => Node::Device(node),
                Name::Link(to) => Node::Link(to),
            }),
            Directory::Etc => (name == "group").then(|| Node::Generated(groups::file())),
            Directory::Mount(below) => mount::find(below, name),
            Directory::Proc => match task_directory(name) {
                Some(task) => Some(Node::Directory(task)),
                None => self.directory(name).or_else(|| proc::find(name).map(Node::Generated)),
            },
            Directory::Task(task) => proc::find_of_task(task, name).map(Node::Generated),
            Directory::Debug => (name == "kmemleak").then(|| Node::Generated(kmemleak())),
            Directory::ProcSysKernel => (name == "printk").then(|| Node::Generated(printk())),
            Directory::Root | Directory::ProcSys | Directory::Sys | Directory::SysKernel => {
                self.directory(name)
            }
        }
    }

    /// The directory `name` that is always in it.
    fn directory(self, name: &str) -> Option<Node> {
        let (_, directory) = self.directories().iter().find(|(known, _)| *known == name)?;
        Some(Node::Directory(*directory))
    }

    /// The directories that are always in it.
    fn directories(self) -> &'static [(&'static str, Directory)] {
        match self {
            Directory::Root => &[
                ("dev", Directory::Dev),
                ("etc", Directory::Etc),
                ("mnt", Directory::Mount("")),
                ("proc", Directory::Proc),
                ("sys", Directory::Sys),
            ],
            Directory::Proc => &[("sys", Directory::ProcSys)],
            Directory::ProcSys => &[("kernel", Directory::ProcSysKernel)],
            Directory::Sys => &[("kernel", Directory::SysKernel)],
            Directory::SysKernel => &[("debug", Directory::Debug)],
            _ => &[],
        }
    }

    /// Everything in it, in no order.
    pub(super) fn entries(self) -> Vec<Entry> {
        let mut names: Vec<String> = match self {
            Directory::Dev => nodes::names(),
            Directory::Proc => tasks().chain(proc::names()).chain(["sys".to_string()]).collect(),
            Directory::Task(_) => proc::TASK_FILES.iter().map(|(name, _)| name.to_string()).collect(),
            Directory::Debug => Vec::from(["kmemleak".to_string()]),
            Directory::Etc => Vec::from(["group".to_string()]),
            Directory::ProcSysKernel => Vec::from(["printk".to_string()]),
            Directory::Mount(below) => mount::names(below),
            _ => self.directories().iter().map(|(name, _)| name.to_string()).collect(),
        };
        names.extend(self.path().map(made::names).into_iter().flatten());
        // What went meanwhile is left out.
        names.into_iter().filter_map(|name| self.child(&name).map(|node| node.entry(name))).collect()
    }
}

/// The directories of the tasks that live.
fn tasks() -> impl Iterator<Item = String> {
    table::all().map(|task| task.id().0.to_string()).chain(["self".to_string()])
}

fn task_directory(name: &str) -> Option<Directory> {
    let id = match name {
        "self" => task::current(),
        _ => numbered(name)?,
    };
    table::find(id).map(|_| Directory::Task(id))
}

/// A task has one number, and that is written in one way: `+5` and `05` are names of nothing.
fn numbered(name: &str) -> Option<TaskId> {
    let number: u32 = name.parse().ok()?;
    (number.to_string() == name).then_some(TaskId(number))
}

/// Which lines are shown on the console, and not in the log alone (LDD3 ch. 4, "How Messages Get Logged").
fn printk() -> Generated {
    let text = || Ok(alloc::format!("{}\t4\t1\t7\n", line::level()));
    Generated::new(text).writable(|word| line::set_level(word.parse().map_err(|_| Errno::EINVAL)?))
}

fn kmemleak() -> Generated {
    Generated::new(kmemleak::report).writable(kmemleak::control)
}
