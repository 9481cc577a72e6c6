//! `echo`: its arguments.

use super::command::Command;
use crate::process::Process;

pub(super) const COMMAND: Command = Command::program(
    "echo",
    "[-n] [-e] [WORD]...",
    "write words; -n without the end of the line, -e with \\n, \\t, \\xHH",
    main,
);

fn main(me: &Process, mut words: &[&str]) -> i32 {
    let (mut ends, mut escapes) = (true, false);
    while let Some((letters, rest)) =
        words.split_first().and_then(|(word, rest)| Some((options(word)?, rest)))
    {
        ends &= !letters.contains('n');
        escapes |= letters.contains('e');
        words = rest;
    }
    let mut text = words.join(" ").into_bytes();
    if escapes {
        text = unescape(&text);
    }
    if ends {
        text.push(b'\n');
    }
    // In one call where that is possible: a driver sees one write.
    match me.write_all(crate::process::process::STDOUT, &text) {
        Ok(()) => 0,
        Err(errno) => {
            me.complain("write error", errno);
            1
        }
    }
}

/// The letters of `-n`, `-e`, `-ne`; any other word is to be written.
fn options(word: &str) -> Option<&str> {
    let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty());
    letters.filter(|letters| letters.chars().all(|letter| matches!(letter, 'n' | 'e')))
}

/// `text` with its `\n`, `\t`, `\\`, `\0` and `\xHH`; others stay as they are.
fn unescape(text: &[u8]) -> alloc::vec::Vec<u8> {
    let mut out = alloc::vec::Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let (value, used) = match (byte, after) {
            (b'\\', [b'n', ..]) => (b'\n', 1),
            (b'\\', [b't', ..]) => (b'\t', 1),
            (b'\\', [b'0', ..]) => (0, 1),
            (b'\\', [b'\\', ..]) => (b'\\', 1),
            (b'\\', [b'x', high, low, ..]) => match hex(&[*high, *low]) {
                Some(value) => (value, 3),
                None => (byte, 0),
            },
            _ => (byte, 0),
        };
        out.push(value);
        rest = &rest[used..];
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits.iter().try_fold(0, |value, byte| Some(value << 4 | digit(byte)? as u8))
}
