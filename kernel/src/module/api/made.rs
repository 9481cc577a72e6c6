//! The files and directories that a driver makes: it knows each by the address of its path.

use alloc::format;
use alloc::sync::Arc;
use core::ffi::{c_char, c_void};
use core::ptr;

use kcore::dev::{Cdev, DeviceNumber};
use kcore::errno::Errno;

use super::string::text;
use crate::fs::{self, Generated};
use crate::module::call;
use crate::module::faults::{self, Failing};
use crate::module::file::{Device, Operations};
use crate::symbols::names;

/// What a `struct proc_dir_entry` or a `struct dentry` is to a driver.
pub(super) type Entry = *const c_void;

/// The whole path of an entry that the driver has made.
pub(super) fn path_of(entry: Entry) -> Option<&'static str> {
    let is_it = |path: &&&'static str| ptr::eq(path.as_ptr().cast(), entry);
    call::here().driver.registered(|mine| mine.files.iter().find(is_it).copied())
}

/// The path of `name` in `parent`, or in `root` if that is null; none where something is already.
pub(super) fn new_path(root: &'static str, parent: Entry, name: *const c_char) -> Option<&'static str> {
    free_path(directory_of(root, parent)?, name).ok()
}

/// The path of `parent`, or `root` if that is null.
fn directory_of(root: &'static str, parent: Entry) -> Option<&'static str> {
    if parent.is_null() { Some(root) } else { path_of(parent) }
}

/// The path of `name` in the directory `above`. [`Errno::EINVAL`] if that is no name, [`Errno::EEXIST`] where
/// something is already.
pub(super) fn free_path(above: &str, name: *const c_char) -> Result<&'static str, Errno> {
    let path = format!("{above}/{}", text(name).map_err(|_| Errno::EINVAL)?);
    if fs::stat(&path).is_ok() { Err(Errno::EEXIST) } else { Ok(names::kept(&path)) }
}

/// Has the driver that makes the call have made `path`: a file, or a directory. Null if there is no memory.
pub(super) fn add(path: &'static str, file: Option<Generated>) -> Entry {
    if faults::fails(Failing::Memory) {
        return ptr::null();
    }
    let added = match file {
        Some(file) => fs::add_file(path, file),
        None => fs::add_directory(path),
    };
    if added.is_err() {
        return ptr::null();
    }
    call::here().driver.registered(|mine| mine.files.push(path));
    path.as_ptr().cast()
}

/// Makes a file of a driver's operations.
pub(super) fn add_operations(
    path: &'static str,
    mode: u16,
    operations: Operations,
    data: *mut c_void,
) -> Entry {
    let driver = call::here().driver;
    let device = Device::of_file(driver.shared(), path, operations, data);
    let number = DeviceNumber { major: 0, minor: 0 };
    let file = Cdev::new(number, path, &driver.module, Arc::new(device));
    add(path, Some(Generated::of_driver(file, mode & 0o777)))
}

/// [`remove`] of `name` in `parent`, or in `root` if that is null.
pub(super) fn remove_from(root: &'static str, parent: Entry, name: *const c_char) {
    if let Some(above) = directory_of(root, parent) {
        remove_below(above, name);
    }
}

/// [`remove`] of `name` in the directory `above`.
pub(super) fn remove_below(above: &str, name: *const c_char) {
    if let Ok(name) = text(name) {
        remove(&format!("{above}/{name}"));
    }
}

/// Takes `path` away, and what is below it, if the caller has made it.
pub(super) fn remove(path: &str) {
    let is_below =
        |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let gone = call::here().driver.registered(|mine| {
        let (gone, stays): (alloc::vec::Vec<_>, _) =
            mine.files.iter().copied().partition(|known| is_below(known));
        mine.files = stays;
        gone
    });
    gone.into_iter().for_each(fs::remove_file);
}
