//! What `printk` and its like make of a form and its arguments (LDD3 ch. 4; Linux: `lib/vsprintf.c`).

use core::fmt::{self, Write};

use crate::conversion::{Out, Spec};

/// Where the arguments come from, and what an address leads to.
pub trait Arguments {
    /// The next one, as it was passed in a register or on the stack.
    fn next(&mut self) -> u64;
    /// Calls `each` with the bytes of the text at `address`, at most so many, up to the zero that ends it.
    fn text(&self, address: u64, most: usize, each: &mut dyn FnMut(u8));
    /// Says what lies at an address: `scull_read+0x15`.
    fn symbol(&self, address: u64, out: &mut dyn Write) -> fmt::Result;
}

/// A field that is longer than this is cut: a form may be wrong.
const LONGEST: usize = 4096;

/// Gives `out` each byte of the text that `form` makes of the arguments; how many there were.
pub fn format(form: &[u8], arguments: &mut dyn Arguments, out: Out<'_>) -> usize {
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

fn field(rest: &mut Rest<'_>, arguments: &mut dyn Arguments, out: Out<'_>) {
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
    let size = size(rest);
    match rest.next() {
        Some(b'%') => out(b'%'),
        Some(b'c') => spec.bytes(&[arguments.next() as u8], out),
        Some(b's') => text(spec, arguments, out),
        Some(b'p') => pointer(spec, rest, arguments, out),
        Some(b'd' | b'i') => {
            let value = signed(arguments.next(), size);
            spec.integer(value.unsigned_abs(), value < 0, 10, false, out);
        }
        Some(kind @ (b'u' | b'x' | b'X' | b'o')) => {
            let value = arguments.next() & u64::MAX >> (64 - 8 * size);
            let radix = match kind {
                b'u' => 10,
                b'o' => 8,
                _ => 16,
            };
            spec.plus = false;
            spec.space = false;
            spec.integer(value, false, radix, kind == b'X', out);
        }
        Some(other) => [b'%', other].into_iter().for_each(out),
        None => out(b'%'),
    }
}

fn flags(rest: &mut Rest<'_>) -> Spec {
    let mut spec = Spec::default();
    while rest.next_if(|byte| spec.takes(*byte)).is_some() {}
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

fn text(spec: Spec, arguments: &mut dyn Arguments, out: Out<'_>) {
    let address = arguments.next();
    if address == 0 {
        return spec.bytes(b"(null)", out);
    }
    let most = spec.precision.unwrap_or(LONGEST);
    let mut length = 0;
    arguments.text(address, most, &mut |_| length += 1);
    // It may be longer by now: a task changes it meanwhile.
    spec.field(length, out, |out| arguments.text(address, length, out));
}

/// `%p`: the address as it is, with nothing hidden; `%pS` and its like, what lies there.
fn pointer(mut spec: Spec, rest: &mut Rest<'_>, arguments: &mut dyn Arguments, out: Out<'_>) {
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
            spec.integer(address, false, 16, false, out);
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
