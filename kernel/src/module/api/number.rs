//! Numbers in texts (`linux/kstrtox.h`).

use core::ffi::{c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_ulonglong};

use kcore::errno::Errno;

use super::string::bytes;
use crate::module::access;

const RANGE: c_int = Errno::ERANGE.code();
const INVALID: c_int = Errno::EINVAL.code();

/// The number at the start of `text`, without a sign, and how many bytes it takes. [`None`] when it is too
/// large.
fn leading(text: &[u8], base: c_uint) -> (Option<u64>, usize) {
    let is_hex = matches!(text, [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit());
    let (base, prefix) = match base {
        0 | 16 if is_hex => (16, 2),
        0 if text.first() == Some(&b'0') => (8, 0),
        0 => (10, 0),
        base => (base.min(36), 0),
    };
    let digits = text[prefix..].iter().map_while(|byte| char::from(*byte).to_digit(base.max(2)));
    let (mut number, mut length) = (Some(0_u64), prefix);
    for digit in digits {
        length += 1;
        number = number.and_then(|number| number.checked_mul(base.into())?.checked_add(digit.into()));
    }
    (number, if length == prefix { 0 } else { length })
}

/// The whole of `text` but for a line end.
fn whole(text: &[u8], base: c_uint) -> Result<u64, c_int> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    match leading(text, base) {
        (_, length) if length == 0 || length != text.len() => Err(INVALID),
        (None, _) => Err(RANGE),
        (Some(number), _) => Ok(number),
    }
}

/// Stores what was found, or returns the error.
fn answer<T>(found: Result<T, c_int>, to: *mut T) -> c_int {
    match found {
        Ok(value) => {
            // SAFETY: it is a variable of the driver (I23).
            unsafe { to.write(value) };
            access::wrote(to, size_of::<T>());
            0
        }
        Err(code) => code,
    }
}

pub(in crate::module) extern "C" fn kstrtoull(
    text: *const c_char,
    base: c_uint,
    to: *mut c_ulonglong,
) -> c_int {
    let text = bytes(text);
    answer(whole(text.strip_prefix(b"+").unwrap_or(text), base), to)
}

pub(in crate::module) extern "C" fn kstrtoll(
    text: *const c_char,
    base: c_uint,
    to: *mut c_longlong,
) -> c_int {
    let text = bytes(text);
    let number = match text.strip_prefix(b"-") {
        Some(rest) => whole(rest, base).and_then(|number| 0_i64.checked_sub_unsigned(number).ok_or(RANGE)),
        None => whole(text.strip_prefix(b"+").unwrap_or(text), base)
            .and_then(|number| i64::try_from(number).map_err(|_| RANGE)),
    };
    answer(number, to)
}

pub(in crate::module) extern "C" fn kstrtobool(text: *const c_char, to: *mut bool) -> c_int {
    let value = match bytes(text) {
        [b'y' | b'Y' | b't' | b'T' | b'1', ..] | [b'o' | b'O', b'n' | b'N', ..] => Ok(true),
        [b'n' | b'N' | b'f' | b'F' | b'0', ..] | [b'o' | b'O', b'f' | b'F', ..] => Ok(false),
        _ => Err(INVALID),
    };
    answer(value, to)
}

pub(in crate::module) extern "C" fn simple_strtoul(
    text: *const c_char,
    end: *mut *const c_char,
    base: c_uint,
) -> c_ulong {
    let (number, length) = leading(bytes(text), base);
    if !end.is_null() {
        // SAFETY: it is a variable of the driver (I23).
        unsafe { end.write(text.wrapping_add(length)) };
    }
    number.unwrap_or(u64::MAX)
}

pub(in crate::module) extern "C" fn simple_strtol(
    text: *const c_char,
    end: *mut *const c_char,
    base: c_uint,
) -> c_long {
    match bytes(text) {
        [b'-', ..] => (simple_strtoul(text.wrapping_add(1), end, base) as c_long).wrapping_neg(),
        _ => simple_strtoul(text, end, base) as c_long,
    }
}
