//! Bytes and texts (`linux/string.h`).

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use kcore::errno::Errno;
use kcore::event::Op;

use crate::module::access;

type Text = *const u8;

/// The byte at `text + index`.
fn at(text: Text, index: usize) -> u8 {
    // SAFETY: the driver says that the text or the bytes go on to there (I23).
    unsafe { text.wrapping_add(index).read() }
}

fn put(text: *mut u8, index: usize, byte: u8) {
    // SAFETY: the driver says that there is room (I23).
    unsafe { text.wrapping_add(index).write(byte) };
}

/// The length of a text, which the caller reads; not more than `most`.
#[track_caller]
fn length(text: Text, most: usize) -> usize {
    let length = || (0..most).find(|index| at(text, *index) == 0).unwrap_or(most);
    access::copies(Op::Read, text, length().saturating_add(1).min(most));
    // When it is the reader's turn, it may be another.
    access::decides(text, length().saturating_add(1).min(most));
    length()
}

/// Less than, equal to, or more than 0, as the first byte that differs is; each after `map`.
fn compare(a: Text, b: Text, most: usize, map: fn(&u8) -> u8) -> c_int {
    for index in 0..most {
        let (a, b) = (map(&at(a, index)), map(&at(b, index)));
        if a != b || a == 0 {
            return c_int::from(a) - c_int::from(b);
        }
    }
    0
}

pub(in crate::module) unsafe extern "C" fn memset(to: *mut u8, byte: c_int, size: usize) -> *mut u8 {
    access::copies(Op::Write, to, size);
    // SAFETY: the driver says that there is so much room (I23).
    unsafe { to.write_bytes(byte as u8, size) };
    to
}

pub(in crate::module) unsafe extern "C" fn memcpy(to: *mut u8, from: Text, size: usize) -> *mut u8 {
    moves(to, from, size);
    // SAFETY: the driver says that both are so long (I23); that they overlap does no harm here.
    unsafe { ptr::copy(from, to, size) };
    to
}

pub(in crate::module) unsafe extern "C" fn memmove(to: *mut u8, from: Text, size: usize) -> *mut u8 {
    moves(to, from, size);
    // SAFETY: the driver says that both are so long (I23).
    unsafe { ptr::copy(from, to, size) };
    to
}

/// So many bytes are about to be copied.
#[track_caller]
fn moves(to: *mut u8, from: Text, size: usize) {
    access::copies(Op::Read, from, size);
    access::copies(Op::Write, to, size);
    access::carries(to, from, size);
}

pub(in crate::module) extern "C" fn memcmp(a: Text, b: Text, size: usize) -> c_int {
    [a, b].into_iter().for_each(|bytes| access::copies(Op::Read, bytes, size));
    let differ = (0..size).find(|index| at(a, *index) != at(b, *index));
    [a, b].into_iter().for_each(|bytes| access::decides(bytes, differ.map_or(size, |differ| differ + 1)));
    differ.map_or(0, |index| c_int::from(at(a, index)) - c_int::from(at(b, index)))
}

pub(in crate::module) extern "C" fn memchr(bytes: Text, byte: c_int, size: usize) -> *const c_void {
    let found = (0..size).find(|index| at(bytes, *index) == byte as u8);
    found.map_or(ptr::null(), |index| bytes.wrapping_add(index).cast())
}

pub(in crate::module) extern "C" fn strlen(text: Text) -> usize {
    length(text, usize::MAX)
}

pub(in crate::module) extern "C" fn strnlen(text: Text, most: usize) -> usize {
    length(text, most)
}

/// Copies `length` bytes of a text, and a zero.
#[track_caller]
fn copy(to: *mut u8, from: Text, length: usize) {
    access::copies(Op::Write, to, length + 1);
    (0..length).for_each(|index| put(to, index, at(from, index)));
    put(to, length, 0);
}

pub(in crate::module) extern "C" fn strcpy(to: *mut u8, from: Text) -> *mut u8 {
    copy(to, from, strlen(from));
    to
}

pub(in crate::module) extern "C" fn strncpy(to: *mut u8, from: Text, size: usize) -> *mut u8 {
    let length = length(from, size);
    access::copies(Op::Write, to, size);
    (0..size).for_each(|index| put(to, index, if index < length { at(from, index) } else { 0 }));
    to
}

pub(in crate::module) extern "C" fn strlcpy(to: *mut u8, from: Text, size: usize) -> usize {
    let length = strlen(from);
    if size > 0 {
        copy(to, from, length.min(size - 1));
    }
    length
}

pub(in crate::module) extern "C" fn strscpy(to: *mut u8, from: Text, size: usize) -> isize {
    let length = length(from, size);
    if size > 0 {
        copy(to, from, length.min(size - 1));
    }
    if length < size { length as isize } else { -7 }
}

pub(in crate::module) extern "C" fn strcat(to: *mut u8, from: Text) -> *mut u8 {
    copy(to.wrapping_add(strlen(to)), from, strlen(from));
    to
}

pub(in crate::module) extern "C" fn strncat(to: *mut u8, from: Text, most: usize) -> *mut u8 {
    copy(to.wrapping_add(strlen(to)), from, length(from, most));
    to
}

pub(in crate::module) extern "C" fn strcmp(a: Text, b: Text) -> c_int {
    compare(a, b, usize::MAX, |byte| *byte)
}

pub(in crate::module) extern "C" fn strncmp(a: Text, b: Text, most: usize) -> c_int {
    compare(a, b, most, |byte| *byte)
}

pub(in crate::module) extern "C" fn strcasecmp(a: Text, b: Text) -> c_int {
    compare(a, b, usize::MAX, u8::to_ascii_lowercase)
}

pub(in crate::module) extern "C" fn strncasecmp(a: Text, b: Text, most: usize) -> c_int {
    compare(a, b, most, u8::to_ascii_lowercase)
}

pub(in crate::module) extern "C" fn strchr(text: Text, c: c_int) -> Text {
    // The zero that ends it can be looked for, too.
    let found = (0..=strlen(text)).find(|index| at(text, *index) == c as u8);
    found.map_or(ptr::null(), |index| text.wrapping_add(index))
}

pub(in crate::module) extern "C" fn strrchr(text: Text, c: c_int) -> Text {
    let found = (0..=strlen(text)).rev().find(|index| at(text, *index) == c as u8);
    found.map_or(ptr::null(), |index| text.wrapping_add(index))
}

pub(in crate::module) extern "C" fn strstr(text: Text, what: Text) -> Text {
    let (length, wanted) = (strlen(text), strlen(what));
    let is_there = |index: &usize| compare(text.wrapping_add(*index), what, wanted, |byte| *byte) == 0;
    let found = (0..=length.saturating_sub(wanted)).find(|index| wanted <= length && is_there(index));
    found.map_or(ptr::null(), |index| text.wrapping_add(index))
}

/// Cuts the text at `rest` at the first of `ends`; `rest` goes on behind it, or leads nowhere.
pub(in crate::module) unsafe extern "C" fn strsep(rest: *mut *mut u8, ends: Text) -> *mut u8 {
    // SAFETY: it is a variable of the driver (I23).
    let text = unsafe { rest.read() };
    if text.is_null() {
        return text;
    }
    let is_end = |index: &usize| !strchr(ends, c_int::from(at(text, *index))).is_null();
    let end = (0..strlen(text)).find(is_end);
    let next = end.map_or(ptr::null_mut(), |end| {
        put(text, end, 0);
        text.wrapping_add(end + 1)
    });
    // SAFETY: as above.
    unsafe { rest.write(next) };
    text
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

pub(in crate::module) extern "C" fn skip_spaces(text: Text) -> Text {
    let first = (0..).find(|index| !is_space(at(text, *index)));
    text.wrapping_add(first.unwrap_or(0))
}

pub(in crate::module) extern "C" fn strim(text: *mut u8) -> *mut u8 {
    let end = (0..strlen(text)).rev().find(|index| !is_space(at(text, *index))).map_or(0, |last| last + 1);
    put(text, end, 0);
    skip_spaces(text).cast_mut()
}

pub(in crate::module) extern "C" fn sysfs_streq(a: Text, b: Text) -> bool {
    let trimmed = |text: Text| {
        let length = strlen(text);
        length - usize::from(length > 0 && at(text, length - 1) == b'\n')
    };
    let (of_a, of_b) = (trimmed(a), trimmed(b));
    of_a == of_b && compare(a, b, of_a, |byte| *byte) == 0
}

/// A text of C, to be looked at.
pub(in crate::module) fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    let text = text.cast::<u8>();
    // SAFETY: the driver says that it is a text, which stays for the call (I23).
    unsafe { core::slice::from_raw_parts(text, strlen(text)) }
}

/// A text of C that is to be UTF-8; [`Errno::EINVAL`] if it is not, or there is none.
pub(in crate::module) fn text<'a>(text: *const c_char) -> Result<&'a str, Errno> {
    if text.is_null() {
        return Err(Errno::EINVAL);
    }
    core::str::from_utf8(bytes(text)).map_err(|_| Errno::EINVAL)
}
