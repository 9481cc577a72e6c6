//! Signs behind a backslash.

use alloc::vec::Vec;

/// Where one stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// In a word of `echo -e`: octal digits are `\0NNN` or `\NNN`.
    Echo,
    /// In what `%b` of `printf` prints: the same.
    Argument,
    /// In the format of `printf`: octal digits are `\NNN`.
    Format,
}

/// Adds to `out` what the escape is that `rest`, behind its backslash, begins with; what follows it. [`None`]
/// for `\c`: nothing follows.
pub(super) fn unescape<'t>(rest: &'t [u8], place: In, out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let Some((&letter, after)) = rest.split_first() else {
        out.push(b'\\');
        return Some(rest);
    };
    let value = match letter {
        b'a' => 7,
        b'b' => 8,
        b'e' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'"' if place != In::Echo => b'"',
        b'c' => return None,
        b'x' => match number(after, 16, 2) {
            (_, 0) => return Some(as_it_is(letter, after, out)),
            (value, digits) => {
                out.push(value);
                return Some(&after[digits..]);
            }
        },
        b'0'..=b'7' => {
            let digits = if letter == b'0' && place != In::Format { after } else { rest };
            let (value, count) = number(digits, 8, 3);
            out.push(value);
            return Some(&digits[count..]);
        }
        _ => return Some(as_it_is(letter, after, out)),
    };
    out.push(value);
    Some(after)
}

fn as_it_is<'t>(letter: u8, after: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    out.extend([b'\\', letter]);
    after
}

/// The value of up to `most` digits, of which the last eight bits count, and how many there are.
fn number(digits: &[u8], base: u32, most: usize) -> (u8, usize) {
    let digit = |byte: &u8| char::from(*byte).to_digit(base);
    let digits = digits.iter().take(most).map_while(digit);
    digits.fold((0, 0), |(value, count), digit| ((u32::from(value) * base + digit) as u8, count + 1))
}
