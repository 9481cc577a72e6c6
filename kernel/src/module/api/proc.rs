//! Files of `/proc` (`linux/proc_fs.h`).

use core::ffi::{c_char, c_uint, c_void};
use core::ptr;

use super::made::{self, Entry};
use crate::module::file::{Control, Inode, Open, Operations, Poll, Seek, Transfer};

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

/// Read by all.
const USUAL: u16 = 0o444;
const ROOT: &str = "/proc";

pub(in crate::module) unsafe extern "C" fn proc_create_data(
    name: *const c_char,
    mode: u16,
    parent: Entry,
    operations: *const ProcOps,
    data: *mut c_void,
) -> Entry {
    let Some(path) = made::new_path(ROOT, parent, name) else { return ptr::null() };
    // SAFETY: it is a variable of the driver (I23).
    let ProcOps { open, read, write, llseek, release, poll, ioctl, .. } = unsafe { &*operations };
    let mut its = Operations::NONE;
    (its.open, its.read, its.write, its.llseek) = (*open, *read, *write, *llseek);
    (its.release, its.poll, its.unlocked_ioctl) = (*release, *poll, *ioctl);
    made::add_operations(path, if mode & 0o777 == 0 { USUAL } else { mode }, its, data)
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

pub(in crate::module) extern "C" fn proc_mkdir(name: *const c_char, parent: Entry) -> Entry {
    made::new_path(ROOT, parent, name).map_or(ptr::null(), |path| made::add(path, None))
}

/// No problem if it is not there (LDD3's sources say so).
pub(in crate::module) extern "C" fn remove_proc_entry(name: *const c_char, parent: Entry) {
    made::remove_from(ROOT, parent, name);
}

pub(in crate::module) extern "C" fn proc_remove(entry: Entry) {
    made::path_of(entry).into_iter().for_each(made::remove);
}

pub(in crate::module) unsafe extern "C" fn pde_data(inode: *const Inode) -> *mut c_void {
    // SAFETY: it is the inode of the call (I23).
    unsafe { (*inode).private }
}
