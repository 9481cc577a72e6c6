//! The names in `/dev`: made when a device is registered and taken away with it, as devtmpfs does, and by
//! hand.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::class;
use kcore::dev::DeviceNumber;
use kcore::errno::Errno;
use kcore::sorted::Sorted;
use kcore::sync::{Mutex, Own};
use spin::LazyLock;

use crate::dev;
use crate::machine::Kernel;

/// What a name in `/dev` stands for.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Device(DeviceNode),
    /// Another path, which begins in `/dev` unless it begins with a slash.
    Link(Arc<str>),
}

/// A device that has a name in `/dev`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceNode {
    pub(super) number: DeviceNumber,
    pub(super) mode: u16,
    /// The number of its group.
    pub(super) group: u32,
    /// It was made by hand: it stays when the device goes.
    by_hand: bool,
}

impl DeviceNode {
    /// One of the superuser's group.
    fn new(number: DeviceNumber, mode: u16, by_hand: bool) -> Self {
        DeviceNode { number, mode: mode & 0o777, group: 0, by_hand }
    }
}

/// The names; from the start those of the devices that are always there, or will be attached.
static NODES: LazyLock<Mutex<Nodes, Kernel>> = LazyLock::new(|| {
    let mut nodes = Nodes::new();
    for (number, name, mode) in dev::first_names() {
        let node = Name::Device(DeviceNode::new(number, mode, false));
        nodes.insert(name.into(), node).expect("there is memory when the first of a few names is asked for");
    }
    Mutex::new(Own(class!("nodes")), nodes)
});

type Nodes = Sorted<Arc<str>, Name>;

/// Whether the lock of the names is free.
pub(crate) fn is_free() -> bool {
    NODES.try_lock().is_some()
}

/// A device of the kernel has this name from now on. A name that a user has made by hand stays what it is.
/// [`Errno::ENOMEM`].
pub fn add_node(name: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    match add(name, Name::Device(DeviceNode::new(number, mode, false))) {
        Err(Errno::EEXIST) => Ok(()),
        added => added,
    }
}

/// The device `number` has not this name any more, unless a user gave it by hand.
pub fn remove_node(name: &str, number: DeviceNumber) {
    let mut nodes = NODES.lock();
    let is_its = |node: &Name| matches!(node, Name::Device(node) if node.number == number && !node.by_hand);
    if nodes.get(name).is_some_and(is_its) {
        nodes.remove(name);
    }
}

/// Makes a name by hand. [`Errno::EEXIST`], [`Errno::ENOMEM`].
pub(super) fn make(name: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    add(name, Name::Device(DeviceNode::new(number, mode, true)))
}

/// Makes a name that stands for another path. [`Errno::EEXIST`], [`Errno::ENOMEM`].
pub(super) fn link(name: &str, to: &str) -> Result<(), Errno> {
    add(name, Name::Link(to.into()))
}

/// Changes a device that has a name. [`Errno::ENOENT`], also for a link.
pub(super) fn change(name: &str, with: impl FnOnce(&mut DeviceNode)) -> Result<(), Errno> {
    match NODES.lock().get_mut(name) {
        Some(Name::Device(node)) => {
            with(node);
            Ok(())
        }
        _ => Err(Errno::ENOENT),
    }
}

fn add(name: &str, node: Name) -> Result<(), Errno> {
    let name = Arc::from(name);
    let mut nodes = NODES.lock();
    if nodes.contains(&name) {
        return Err(Errno::EEXIST);
    }
    nodes.insert(name, node).map(drop)
}

/// Takes a name away. [`Errno::ENOENT`].
pub(super) fn unlink(name: &str) -> Result<(), Errno> {
    NODES.lock().remove(name).map(|_| ()).ok_or(Errno::ENOENT)
}

/// What `name` stands for.
pub(super) fn find(name: &str) -> Option<Name> {
    NODES.lock().get(name).cloned()
}

/// All names.
pub(super) fn names() -> Vec<String> {
    NODES.copy_of(Nodes::entries).into_iter().map(|(name, _)| name.to_string()).collect()
}
