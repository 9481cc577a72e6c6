//! Files of `/proc` (`linux/proc_fs.h`).

use alloc::sync::Arc;
use core::ffi::{c_char, c_uint, c_void};
use core::ptr;

use super::string::text;
use crate::fs::{self, Generated};
use crate::module::call;
use crate::module::file::{Control, Device, Inode, Open, Operations, Poll, Seek, Transfer};
use crate::module::names;

/// `struct proc_ops`.
#[repr(C)]
pub(in crate::module) struct ProcOps {
    flags: c_uint,
    open: Option<Open>,
    read: Option<Transfer>,
    read_iter: *const c_void,
    write: Option<Transfer>,
    llseek: Option<Seek>,
    release: Option<Open>,
    poll: Option<Poll>,
    ioctl: Option<Control>,
}

/// What a `struct proc_dir_entry` is to a driver: where the name of the file is.
type Entry = *const c_void;

/// Read by all.
const USUAL: u16 = 0o444;

pub(in crate::module) unsafe extern "C" fn proc_create_data(
    name: *const c_char,
    mode: u16,
    _parent: Entry,
    operations: *const ProcOps,
    data: *mut c_void,
) -> Entry {
    let Ok(name) = text(name) else { return ptr::null() };
    let name = names::kept(name);
    // SAFETY: it is a variable of the driver (I23).
    let ProcOps { open, read, write, llseek, release, poll, ioctl, .. } = unsafe { &*operations };
    let mut its = Operations::NONE;
    (its.open, its.read, its.write, its.llseek) = (*open, *read, *write, *llseek);
    (its.release, its.poll, its.unlocked_ioctl) = (*release, *poll, *ioctl);
    let driver = call::here().driver;
    let device = Device::of_proc(driver.shared(), its, data);
    let mode = if mode & 0o777 == 0 { USUAL } else { mode & 0o777 };
    if fs::stat(&alloc::format!("/proc/{name}")).is_ok()
        || fs::add_file(name, Generated::of_driver(Arc::clone(&device) as _, mode)).is_err()
    {
        return ptr::null();
    }
    driver.registered(|mine| mine.files.push(name));
    name.as_ptr().cast()
}

pub(in crate::module) unsafe extern "C" fn proc_create(
    name: *const c_char,
    mode: u16,
    parent: Entry,
    operations: *const ProcOps,
) -> Entry {
    // SAFETY: as above.
    unsafe { proc_create_data(name, mode, parent, operations, ptr::null_mut()) }
}

/// Takes a file away that is the caller's.
fn remove(is_it: impl Fn(&'static str) -> bool) {
    let name = call::here().driver.registered(|mine| {
        let at = mine.files.iter().position(|name| is_it(name))?;
        Some(mine.files.remove(at))
    });
    name.into_iter().for_each(fs::remove_file);
}

/// No problem if it is not there (LDD3's sources say so).
pub(in crate::module) extern "C" fn remove_proc_entry(name: *const c_char, _parent: Entry) {
    if let Ok(name) = text(name) {
        remove(|known| known == name);
    }
}

pub(in crate::module) extern "C" fn proc_remove(entry: Entry) {
    remove(|known| ptr::eq(known.as_ptr().cast(), entry));
}

pub(in crate::module) unsafe extern "C" fn pde_data(inode: *const Inode) -> *mut c_void {
    // SAFETY: it is the inode of the call (I23).
    unsafe { (*inode).private }
}
