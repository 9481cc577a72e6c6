//! The names in `/dev`: made when a device is registered and taken away with it, as devtmpfs does, and by hand.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::dev::DeviceNumber;
use kcore::errno::Errno;
use kcore::sync::Mutex;
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

type Nodes = BTreeMap<String, DeviceNode>;

/// The names; from the start those of the devices that are always there, or will be attached.
static NODES: LazyLock<Mutex<Nodes, Kernel>> = LazyLock::new(|| {
    let node =
        |(number, name, mode): (_, &str, _)| (name.to_string(), DeviceNode { number, mode, by_hand: false });
    Mutex::new(dev::first_names().map(node).collect())
});

/// A device of the kernel has this name from now on. A name that somebody has made by hand stays what it is.
pub fn add_node(name: &str, number: DeviceNumber, mode: u16) {
    let node = DeviceNode { number, mode, by_hand: false };
    NODES.lock().entry(name.to_string()).or_insert(node);
}

/// The device `number` has not this name any more, unless somebody gave it by hand.
pub fn remove_node(name: &str, number: DeviceNumber) {
    let mut nodes = NODES.lock();
    if nodes.get(name).is_some_and(|node| node.number == number && !node.by_hand) {
        nodes.remove(name);
    }
}

/// Makes a name by hand. [`Errno::EEXIST`].
pub(super) fn make(name: &str, number: DeviceNumber, mode: u16) -> Result<(), Errno> {
    let mut nodes = NODES.lock();
    if nodes.contains_key(name) {
        return Err(Errno::EEXIST);
    }
    nodes.insert(name.to_string(), DeviceNode { number, mode: mode & 0o777, by_hand: true });
    Ok(())
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
    NODES.lock().keys().cloned().collect()
}
