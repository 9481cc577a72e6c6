//! Positions, and buffers that lie in a row (`linux/fs.h`, `linux/poll.h`).

use core::ffi::{c_int, c_uint, c_void};

use kcore::errno::Errno;

use super::user::{copy_from_user, copy_to_user};
use super::wait::{Queue, queue};
use crate::module::file::{Asked, File, Inode, SEEK};

const INVALID: i64 = Errno::EINVAL.code() as i64;

/// Its own file, which no other task opens or closes meanwhile.
fn file<'a>(file: *mut File) -> &'a mut File {
    // SAFETY: it is the file of the call (I23).
    unsafe { &mut *file }
}

pub(in crate::module) extern "C" fn nonseekable_open(_inode: *mut Inode, it: *mut File) -> c_int {
    file(it).mode &= !SEEK;
    0
}

pub(in crate::module) extern "C" fn stream_open(inode: *mut Inode, it: *mut File) -> c_int {
    nonseekable_open(inode, it)
}

pub(in crate::module) extern "C" fn no_llseek(_file: *mut File, _offset: i64, _whence: c_int) -> i64 {
    Errno::ESPIPE.code().into()
}

pub(in crate::module) extern "C" fn noop_llseek(it: *mut File, _offset: i64, _whence: c_int) -> i64 {
    file(it).position
}

/// Moves the position of something `size` bytes long.
pub(in crate::module) extern "C" fn fixed_size_llseek(
    it: *mut File,
    offset: i64,
    whence: c_int,
    size: i64,
) -> i64 {
    let it = file(it);
    let from = match whence {
        0 => 0,
        1 => it.position,
        2 => size,
        _ => return INVALID,
    };
    match from.checked_add(offset).filter(|to| (0..=size).contains(to)) {
        Some(to) => {
            it.position = to;
            to
        }
        None => INVALID,
    }
}

pub(in crate::module) extern "C" fn default_llseek(it: *mut File, offset: i64, whence: c_int) -> i64 {
    fixed_size_llseek(it, offset, whence, if whence == 2 { 0 } else { i64::MAX })
}

/// How many of `count` bytes lie at `position` of `available`.
fn there(position: i64, count: usize, available: usize) -> Result<usize, isize> {
    let position = usize::try_from(position).map_err(|_| INVALID as isize)?;
    Ok(count.min(available.saturating_sub(position)))
}

pub(in crate::module) unsafe extern "C" fn simple_read_from_buffer(
    to: usize,
    count: usize,
    position: *mut i64,
    from: *const c_void,
    available: usize,
) -> isize {
    // SAFETY: it is a variable of the driver (I23).
    let at = unsafe { position.read() };
    let count = match there(at, count, available) {
        Ok(count) => count,
        Err(code) => return code,
    };
    let left = copy_to_user(to, from.cast::<u8>().wrapping_add(at as usize), count as u64) as usize;
    if count > 0 && left == count {
        return Errno::EFAULT.code() as isize;
    }
    // SAFETY: as above.
    unsafe { position.write(at + (count - left) as i64) };
    (count - left) as isize
}

pub(in crate::module) unsafe extern "C" fn simple_write_to_buffer(
    to: *mut c_void,
    available: usize,
    position: *mut i64,
    from: usize,
    count: usize,
) -> isize {
    // SAFETY: it is a variable of the driver (I23).
    let at = unsafe { position.read() };
    let count = match there(at, count, available) {
        Ok(count) => count,
        Err(code) => return code,
    };
    let left = copy_from_user(to.cast::<u8>().wrapping_add(at as usize), from, count as u64) as usize;
    if count > 0 && left == count {
        return Errno::EFAULT.code() as isize;
    }
    // SAFETY: as above.
    unsafe { position.write(at + (count - left) as i64) };
    (count - left) as isize
}

pub(in crate::module) extern "C" fn poll_wait(_file: *mut File, at: *const Queue, table: *mut Asked<'_, '_>) {
    // SAFETY: it is null, or the table of the call (I23).
    if let Some(table) = unsafe { table.as_mut() } {
        table.0.wait(queue(at));
    }
}

/// No process of this machine asks for a signal when a file is ready.
pub(in crate::module) extern "C" fn fasync_helper(
    _fd: c_int,
    _file: *mut File,
    _on: c_int,
    _list: *mut *mut c_void,
) -> c_int {
    0
}

pub(in crate::module) extern "C" fn kill_fasync(_list: *mut *mut c_void, _signal: c_int, _band: c_uint) {}
