//! What `printk` and its like make of a form and its arguments (LDD3 ch. 4; Linux: `lib/vsprintf.c`).

use core::fmt::{self, Write};

/// Where the arguments come from, and what an address leads to.
pub trait Arguments {
    /// The next one, as it was passed in a register or on the stack.
    fn next(&mut self) -> u64;
    /// Calls `each` with the bytes of the text at `address`, at most so many, up to the zero that ends it.
    fn text(&self, address: u64, most: usize, each: &mut dyn FnMut(u8));
    /// Says what lies at an address: `scull_read+0x15`.
    fn symbol(&self, address: u64, out: &mut dyn Write) -> fmt::Result;
}

/// One `%` of a form.
#[derive(Clone, Copy, Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    /// Bytes of the argument.
    size: usize,
}

/// A field that is longer than this is cut: a form may be wrong.
const LONGEST: usize = 4096;

/// Gives `out` each byte of the text that `form` makes of the arguments; how many there were.
pub fn format(form: &[u8], arguments: &mut dyn Arguments, out: &mut dyn FnMut(u8)) -> usize {
    let mut count = 0;
    let mut put = |byte: u8| {
        count += 1;
        out(byte);
    };
    let mut rest = form.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            field(&mut rest, arguments, &mut put);
        } else {
            put(byte);
        }
    }
    count
}

type Rest<'a> = core::iter::Peekable<core::iter::Copied<core::slice::Iter<'a, u8>>>;

fn field(rest: &mut Rest<'_>, arguments: &mut dyn Arguments, out: &mut dyn FnMut(u8)) {
    let mut spec = flags(rest);
    spec.width = match number(rest, arguments) {
        Some(width) if width < 0 => {
            spec.left = true;
            width.unsigned_abs() as usize
        }
        width => width.unwrap_or(0) as usize,
    }
    .min(LONGEST);
    if rest.next_if_eq(&b'.').is_some() {
        let precision = number(rest, arguments).unwrap_or(0);
        spec.precision = usize::try_from(precision).ok().map(|precision| precision.min(LONGEST));
    }
    spec.size = size(rest);
    match rest.next() {
        Some(b'%') => out(b'%'),
        Some(b'c') => padded(spec, &[arguments.next() as u8], out),
        Some(b's') => text(spec, arguments, out),
        Some(b'p') => pointer(spec, rest, arguments, out),
        Some(b'd' | b'i') => {
            let value = signed(arguments.next(), spec.size);
            integer(spec, value.unsigned_abs(), value < 0, 10, false, out);
        }
        Some(kind @ (b'u' | b'x' | b'X' | b'o')) => {
            let value = arguments.next() & u64::MAX >> (64 - 8 * spec.size);
            let radix = match kind {
                b'u' => 10,
                b'o' => 8,
                _ => 16,
            };
            spec.plus = false;
            spec.space = false;
            integer(spec, value, false, radix, kind == b'X', out);
        }
        Some(other) => [b'%', other].into_iter().for_each(out),
        None => out(b'%'),
    }
}

fn flags(rest: &mut Rest<'_>) -> Spec {
    let mut spec = Spec::default();
    while let Some(flag) = rest.next_if(|byte| b"-+ #0".contains(byte)) {
        match flag {
            b'-' => spec.left = true,
            b'+' => spec.plus = true,
            b' ' => spec.space = true,
            b'#' => spec.alternate = true,
            _ => spec.zero = true,
        }
    }
    spec
}

/// A number of the form, or an argument if there is a star.
fn number(rest: &mut Rest<'_>, arguments: &mut dyn Arguments) -> Option<i32> {
    if rest.next_if_eq(&b'*').is_some() {
        return Some(arguments.next() as i32);
    }
    let mut number = None;
    while let Some(digit) = rest.next_if(u8::is_ascii_digit) {
        number = Some(number.unwrap_or(0_i32).saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    }
    number
}

/// Bytes of the argument: `hh`, `h`, none, `l`, `ll`, `z`, `t`, `j`.
fn size(rest: &mut Rest<'_>) -> usize {
    let mut size = 4;
    while let Some(letter) = rest.next_if(|byte| b"hlLzZtjq".contains(byte)) {
        size = match (letter, size) {
            (b'h', 2) => 1,
            (b'h', _) => 2,
            _ => 8,
        };
    }
    size
}

fn signed(value: u64, size: usize) -> i64 {
    let shift = 64 - 8 * size;
    (value << shift) as i64 >> shift
}

/// `text` in a field.
fn padded(spec: Spec, text: &[u8], out: &mut dyn FnMut(u8)) {
    let room = spec.width.saturating_sub(text.len());
    if !spec.left {
        (0..room).for_each(|_| out(b' '));
    }
    text.iter().for_each(|byte| out(*byte));
    if spec.left {
        (0..room).for_each(|_| out(b' '));
    }
}

fn text(spec: Spec, arguments: &mut dyn Arguments, out: &mut dyn FnMut(u8)) {
    let address = arguments.next();
    if address == 0 {
        return padded(spec, b"(null)", out);
    }
    let most = spec.precision.unwrap_or(LONGEST);
    let mut length = 0;
    arguments.text(address, most, &mut |_| length += 1);
    let room = spec.width.saturating_sub(length);
    if !spec.left {
        (0..room).for_each(|_| out(b' '));
    }
    // It may be longer by now: a task changes it meanwhile.
    arguments.text(address, length, out);
    if spec.left {
        (0..room).for_each(|_| out(b' '));
    }
}

/// `%p`: the address as it is, with nothing hidden; `%pS` and its like, what lies there.
fn pointer(mut spec: Spec, rest: &mut Rest<'_>, arguments: &mut dyn Arguments, out: &mut dyn FnMut(u8)) {
    let address = arguments.next();
    match rest.next_if(|byte| b"sSfFBKxe".contains(byte)) {
        Some(b's' | b'S' | b'f' | b'F' | b'B') => {
            // What does not fit is cut by the writer.
            let _ = arguments.symbol(address, &mut Bytes(out));
        }
        Some(b'e') => {
            let _ = write!(Bytes(out), "{}", address as i64);
        }
        _ => {
            if spec.width == 0 {
                spec.width = 16;
                spec.zero = true;
            }
            integer(spec, address, false, 16, false, out);
        }
    }
}

struct Bytes<'a>(&'a mut dyn FnMut(u8));

impl Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(&mut *self.0);
        Ok(())
    }
}

fn integer(spec: Spec, value: u64, is_negative: bool, radix: u64, upper: bool, out: &mut dyn FnMut(u8)) {
    let mut digits = [0; 24];
    let mut begin = digits.len();
    let mut left = value;
    while left > 0 || begin == digits.len() {
        begin -= 1;
        let digit = b"0123456789abcdef"[(left % radix) as usize];
        digits[begin] = if upper { digit.to_ascii_uppercase() } else { digit };
        left /= radix;
        if value == 0 {
            break;
        }
    }
    // No digit at all where none is wanted (C11 7.21.6.1).
    let digits = if spec.precision == Some(0) && value == 0 { &[][..] } else { &digits[begin..] };
    let before: &[u8] = match (radix, is_negative) {
        (_, true) => b"-",
        (16, _) if spec.alternate && value != 0 && upper => b"0X",
        (16, _) if spec.alternate && value != 0 => b"0x",
        (8, _) if spec.alternate && value != 0 => b"0",
        _ if spec.plus => b"+",
        _ if spec.space => b" ",
        _ => b"",
    };
    let fills = spec.zero && !spec.left && spec.precision.is_none();
    let wanted = if fills { spec.width.saturating_sub(before.len()) } else { spec.precision.unwrap_or(0) };
    let zeros = wanted.saturating_sub(digits.len());
    let room = spec.width.saturating_sub(before.len() + zeros + digits.len());
    if !spec.left {
        (0..room).for_each(|_| out(b' '));
    }
    before.iter().for_each(|byte| out(*byte));
    (0..zeros).for_each(|_| out(b'0'));
    digits.iter().for_each(|byte| out(*byte));
    if spec.left {
        (0..room).for_each(|_| out(b' '));
    }
}
