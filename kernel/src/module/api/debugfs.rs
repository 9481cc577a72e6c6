//! Files of `/sys/kernel/debug` (`linux/debugfs.h`).

use alloc::format;
use alloc::string::String;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use kcore::errno::Errno;

use super::made::{self, Entry};
use crate::fs::Generated;
use crate::module::access;
use crate::module::call;
use crate::module::file::Operations;

const ROOT: &str = "/sys/kernel/debug";
const FAILED: Entry = ptr::without_provenance(Errno::ENOMEM.code() as isize as usize);

/// What is made, or an error in a pointer.
fn made(entry: Entry) -> Entry {
    if entry.is_null() { FAILED } else { entry }
}

pub(in crate::module) extern "C" fn debugfs_create_dir(name: *const c_char, parent: Entry) -> Entry {
    made::new_path(ROOT, parent, name).map_or(FAILED, |path| made(made::add(path, None)))
}

pub(in crate::module) unsafe extern "C" fn debugfs_create_file(
    name: *const c_char,
    mode: u16,
    parent: Entry,
    data: *mut c_void,
    operations: *const Operations,
) -> Entry {
    let Some(path) = made::new_path(ROOT, parent, name) else { return FAILED };
    // SAFETY: it is a variable of the driver (I23).
    let its = unsafe { ptr::read(operations) };
    made(made::add_operations(path, mode, its, data))
}

/// A variable of a driver, which stays as long as its file.
#[derive(Clone, Copy)]
struct Variable {
    at: usize,
    bytes: usize,
}

impl Variable {
    fn get(self) -> u64 {
        let at = ptr::with_exposed_provenance::<u8>(self.at);
        let mut bytes = [0; 8];
        // SAFETY: it is so long (I23).
        unsafe { at.copy_to_nonoverlapping(bytes.as_mut_ptr(), self.bytes) };
        u64::from_le_bytes(bytes)
    }

    fn set(self, value: u64) {
        let at = ptr::with_exposed_provenance_mut::<u8>(self.at);
        // SAFETY: as above.
        unsafe { at.copy_from_nonoverlapping(value.to_le_bytes().as_ptr(), self.bytes) };
        access::wrote(at, self.bytes);
    }
}

/// As `__DEBUGFS_BOOL` and `__DEBUGFS_HEX` of `linux/debugfs.h`.
const BOOL: c_int = 1;
const HEX: c_int = 2;

/// A file that shows a variable of so many bytes in its way, and takes it.
pub(in crate::module) extern "C" fn __scullery_debugfs_number(
    name: *const c_char,
    mode: u16,
    parent: Entry,
    at: *mut c_void,
    bytes: c_int,
    way: c_int,
) {
    let Some(path) = made::new_path(ROOT, parent, name) else { return };
    let (variable, digits) =
        (Variable { at: at.expose_provenance(), bytes: bytes as usize }, bytes as usize * 2);
    let show = move || {
        let value = variable.get();
        Ok(match way {
            BOOL => String::from(if value == 0 { "N\n" } else { "Y\n" }),
            HEX => format!("{value:#0width$x}\n", width = digits + 2),
            _ => format!("{value}\n"),
        })
    };
    let take = move |text: &str| {
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let value = match (way, text) {
            (BOOL, "Y" | "y" | "1" | "on") => Some(1),
            (BOOL, "N" | "n" | "0" | "off") => Some(0),
            (BOOL, _) => None,
            _ => number.filter(|value| bytes == 8 || value >> (bytes * 8) == 0),
        };
        variable.set(value.ok_or(Errno::EINVAL)?);
        Ok(())
    };
    made::add(path, Some(Generated::new(show).writable(take).with_mode(mode & 0o777)));
}

pub(in crate::module) extern "C" fn debugfs_remove(entry: Entry) {
    if call::current().is_some() {
        made::path_of(entry).into_iter().for_each(made::remove);
    }
}
