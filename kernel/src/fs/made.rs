//! The files and directories that modules make: in `/proc`, and below `/sys/kernel`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::class;
use kcore::errno::Errno;
use kcore::sorted::Sorted;
use kcore::sync::{Mutex, Own};

use super::Generated;
use super::tree::{Directory, Node};
use crate::machine::Kernel;

/// What there is, by its whole path; a directory is no file.
static MADE: Mutex<Sorted<&'static str, Option<Generated>>, Kernel> =
    Mutex::new(Own(class!("files of modules")), Sorted::new());

/// From now on `path` is `file`. [`Errno::ENOMEM`].
pub fn add_file(path: &'static str, file: Generated) -> Result<(), Errno> {
    add(path, Some(file))
}

/// From now on `path` is a directory. [`Errno::ENOMEM`].
pub fn add_directory(path: &'static str) -> Result<(), Errno> {
    add(path, None)
}

fn add(path: &'static str, file: Option<Generated>) -> Result<(), Errno> {
    let before = MADE.lock().insert(path, file);
    // Dropped without the lock.
    before.map(drop)
}

/// There is no `path` any more. A process that has it open goes on reading the text as it was; if it is a
/// driver's, the calls that are under way were waited for, and there are no others.
pub fn remove_file(path: &str) {
    let removed = MADE.lock().remove(path);
    // It may sleep, and what it refers to may be freed now: not under the lock.
    removed.flatten().inspect(Generated::unplug);
}

/// `path` is not there any more; a call under way in it is not waited for: it never leaves.
pub(crate) fn take_out_file(path: &str) {
    let removed = MADE.lock().remove(path);
    // As above.
    drop(removed);
}

/// Whether the lock of what was made is free.
pub(crate) fn is_free() -> bool {
    MADE.try_lock().is_some()
}

/// What `name` is in the directory `above`.
pub(super) fn find(above: &str, name: &str) -> Option<Node> {
    let path = alloc::format!("{above}/{name}");
    let made = MADE.lock();
    let index = made.entries().binary_search_by(|(known, _)| (*known).cmp(path.as_str())).ok()?;
    let (path, file) = &made.entries()[index];
    Some(match file {
        Some(file) => Node::Generated(file.clone()),
        None => Node::Directory(Directory::Made(path)),
    })
}

/// The names in the directory `above`.
pub(super) fn names(above: &str) -> Vec<String> {
    let made = MADE.copy_of(Sorted::entries);
    let below = made.iter().filter_map(|(path, _)| path.strip_prefix(above)?.strip_prefix('/'));
    below.filter(|name| !name.contains('/')).map(ToString::to_string).collect()
}
