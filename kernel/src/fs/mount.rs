//! `/mnt`: copies of the files of a folder of the host, which the machine was given.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::bundle;
use spin::Once;

use super::Generated;
use super::tree::{Directory, Node};
use crate::arch::fw_cfg;
use kcore::sort;

/// The file of the machine that has them all.
const FILES: &str = "opt/org.scullery/mount";

static ALL: Once<Vec<(&'static str, &'static [u8])>> = Once::new();

/// The paths of the files from `/mnt`, and what is in them.
fn all() -> &'static [(&'static str, &'static [u8])] {
    ALL.call_once(|| match fw_cfg::read_all(FILES) {
        Some(bytes) => bundle::files(Vec::leak(bytes)).collect(),
        None => Vec::new(),
    })
}

/// What `name` is in the directory `below`.
pub(super) fn find(below: &str, name: &str) -> Option<Node> {
    all().iter().find_map(|(path, bytes)| {
        let rest = path.strip_prefix(below)?.strip_prefix(name)?;
        match rest.chars().next() {
            None => Some(Node::Generated(Generated::fixed(bytes))),
            Some('/') => Some(Node::Directory(Directory::Mount(&path[..path.len() - rest.len() + 1]))),
            Some(_) => None,
        }
    })
}

/// The names in the directory `below`.
pub(super) fn names(below: &str) -> Vec<String> {
    let below = all().iter().filter_map(|(path, _)| path.strip_prefix(below));
    let mut names: Vec<String> =
        below.filter_map(|rest| rest.split('/').next()).map(ToString::to_string).collect();
    sort::any(&mut names, |a, b| a < b);
    names.dedup();
    names
}

/// The directory that `below` is in; none for `/mnt`.
pub(super) fn parent(below: &'static str) -> Option<&'static str> {
    let whole = below.strip_suffix('/')?;
    Some(whole.rfind('/').map_or("", |slash| &below[..=slash]))
}
