//! The memory of the process that makes the call (`linux/uaccess.h`).

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::slice;

use kcore::errno::Errno;
use kcore::event::Op;
use kcore::place::Place;

use super::bug::may_sleep;
use crate::module::access;
use crate::module::call::{self, BUFFER, Copies, Memory};
use crate::module::faults::{self, Failing};
use crate::symbols::sites;

/// Addresses of a process lie below this.
const END: usize = 0x8000_0000_0000;

/// How many of `size` bytes at `address` are in a buffer of `length` bytes, and how far in they begin.
fn within(address: usize, size: usize, length: usize) -> Option<(usize, usize)> {
    let offset = address.checked_sub(BUFFER)?;
    Some((offset, size.min(length.checked_sub(offset)?)))
}

/// Of `size` bytes so many were copied.
fn copied(count: usize, size: usize) -> usize {
    if let Some(call) = call::current() {
        let Copies { bytes, failed } = call.copies.get();
        let failed = failed.or_else(|| (count < size).then(|| sites::of_driver(Place::caller())));
        call.copies.set(Copies { bytes: bytes + count, failed });
    }
    count
}

/// Copies to the process; how many bytes.
fn to(address: usize, from: *const u8, size: usize) -> usize {
    copied(try_to(address, from, size), size)
}

fn try_to(address: usize, from: *const u8, size: usize) -> usize {
    if faults::fails(Failing::Copy) {
        return 0;
    }
    match call::current().map(|call| call.memory) {
        Some(Memory::Read(buffer, length)) => {
            let Some((offset, count)) = within(address, size, length) else { return 0 };
            // SAFETY: so much of the buffer is there, and the driver says that it has so many bytes (I23).
            unsafe { buffer.wrapping_add(offset).copy_from(from, count) };
            count
        }
        Some(Memory::Own(memory)) => {
            // SAFETY: the driver says that it has so many bytes (I23).
            let bytes = unsafe { slice::from_raw_parts(from, size) };
            if memory.copy_to(address, bytes).is_ok() { size } else { 0 }
        }
        _ => 0,
    }
}

/// Copies from the process; how many bytes.
fn from(into: *mut u8, address: usize, size: usize) -> usize {
    copied(try_from(into, address, size), size)
}

fn try_from(into: *mut u8, address: usize, size: usize) -> usize {
    if faults::fails(Failing::Copy) {
        return 0;
    }
    match call::current().map(|call| call.memory) {
        Some(Memory::Write(buffer, length)) => {
            let Some((offset, count)) = within(address, size, length) else { return 0 };
            // SAFETY: so much of the buffer is there, and the driver says that it has so much room (I23).
            unsafe { into.copy_from(buffer.wrapping_add(offset), count) };
            count
        }
        Some(Memory::Own(memory)) => {
            // SAFETY: the driver says that it has so much room (I23).
            let bytes = unsafe { slice::from_raw_parts_mut(into, size) };
            if memory.copy_from(address, bytes).is_ok() { size } else { 0 }
        }
        _ => 0,
    }
}

pub(in crate::module) extern "C" fn copy_to_user(address: usize, bytes: *const u8, size: c_ulong) -> c_ulong {
    may_sleep("copy_to_user");
    access::copies(Op::Read, bytes, size as usize);
    access::leaves(bytes, size as usize);
    size - to(address, bytes, size as usize) as c_ulong
}

pub(in crate::module) extern "C" fn copy_from_user(into: *mut u8, address: usize, size: c_ulong) -> c_ulong {
    may_sleep("copy_from_user");
    access::copies(Op::Write, into, size as usize);
    let count = from(into, address, size as usize);
    // What was not there is zeros, so that the driver passes on nothing of others (Linux does the same).
    // SAFETY: the driver says that it has so much room (I23).
    unsafe { into.wrapping_add(count).write_bytes(0, size as usize - count) };
    size - count as c_ulong
}

pub(in crate::module) extern "C" fn clear_user(address: usize, size: c_ulong) -> c_ulong {
    may_sleep("clear_user");
    let zeros = [0; 64];
    let mut done = 0;
    while done < size as usize {
        let wanted = zeros.len().min(size as usize - done);
        let count = to(address + done, zeros.as_ptr(), wanted);
        done += count;
        if count < wanted {
            break;
        }
    }
    size - done as c_ulong
}

/// One byte of the process.
fn byte(address: usize) -> Option<u8> {
    let mut byte = 0;
    (from(&raw mut byte, address, 1) == 1).then_some(byte)
}

pub(in crate::module) extern "C" fn strncpy_from_user(into: *mut u8, address: usize, most: c_long) -> c_long {
    may_sleep("strncpy_from_user");
    for index in 0..most.max(0) as usize {
        let Some(byte) = byte(address.wrapping_add(index)) else { return Errno::EFAULT.code().into() };
        // SAFETY: the driver says that it has so much room (I23).
        unsafe { into.wrapping_add(index).write(byte) };
        access::wrote(into.wrapping_add(index), 1);
        if byte == 0 {
            return index as c_long;
        }
    }
    most
}

/// With its zero; 0 when it is not there, more than `most` when it is longer.
pub(in crate::module) extern "C" fn strnlen_user(address: usize, most: c_long) -> c_long {
    may_sleep("strnlen_user");
    for index in 0..most.max(0) {
        match byte(address.wrapping_add(index as usize)) {
            None => return 0,
            Some(0) => return index + 1,
            Some(_) => {}
        }
    }
    most + 1
}

pub(in crate::module) extern "C" fn __scullery_access_ok(address: *const c_void, size: c_ulong) -> c_int {
    c_int::from(address.addr().checked_add(size as usize).is_some_and(|end| end <= END))
}
