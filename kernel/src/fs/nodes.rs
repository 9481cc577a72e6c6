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

/// A name in `/dev`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceNode {
    pub(super) number: DeviceNumber,
    pub(super) mode: u16,
    /// It was made by hand: it stays when the device goes.
    by_hand: bool,
}

/// The names; from the start those of the devices that are always there, or will be attached.
static NODES: LazyLock<Mutex<Nodes, Kernel>> = LazyLock::new(|| {
    let mut nodes = Nodes::new();
    for (number, name, mode) in dev::first_names() {
        let node = DeviceNode { number, mode, by_hand: false };
        nodes.insert(name.into(), node).expect("there is memory when the first of a few names is asked for");
    }
    Mutex::new(Own(class!("nodes")), nodes)
});

type Nodes = Sorted<Arc<str>, DeviceNode>;

/// Whether the lock of the names is free.
pub(crate) fn is_free() -> bool {
    NODES.try_lock().is_some()
}

/// A device of the kernel has this name from now on. A name that a user has made by hand stays what it is.
/// [`Errno::ENOMEM`].
pub fn add_node(name: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    match add(name, DeviceNode { number, mode, by_hand: false }) {
        Err(Errno::EEXIST) => Ok(()),
        added => added,
    }
}

/// The device `number` has not this name any more, unless a user gave it by hand.
pub fn remove_node(name: &str, number: DeviceNumber) {
    let mut nodes = NODES.lock();
    if nodes.get(name).is_some_and(|node| node.number == number && !node.by_hand) {
        nodes.remove(name);
    }
}

/// Makes a name by hand. [`Errno::EEXIST`], [`Errno::ENOMEM`].
pub(super) fn make(name: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    add(name, DeviceNode { number, mode: mode & 0o777, by_hand: true })
}

fn add(name: &str, node: DeviceNode) -> Result<(), Errno> {
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
pub(super) fn find(name: &str) -> Option<DeviceNode> {
    NODES.lock().get(name).copied()
}

/// All names.
pub(super) fn names() -> Vec<String> {
    NODES.copy_of(Nodes::entries).into_iter().map(|(name, _)| name.to_string()).collect()
}
