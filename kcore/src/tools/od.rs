//! `od`: bytes as characters or as numbers.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::rows::{ROW, Rows};
use super::system::quoted;
use super::{Ended, System, options};
use crate::number;

/// How a row is shown.
#[derive(Clone, Copy)]
enum Kind {
    Characters,
    /// Numbers of so many bytes, by a letter of `dxou`.
    Numbers(char, usize),
}

/// `od [-bcdosxv] [-t TYPE] [-A RADIX] [-j BYTES] [-N BYTES] [FILE]...`
pub fn od(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "bcdosxvt:A:j:N:")?;
    let (mut kinds, mut radix) = (Vec::new(), 'o');
    let (mut skipped, mut left, mut shows_all) = (0, u64::MAX, false);
    for &(letter, word) in &options.found {
        let bytes = || number::size(word).map_err(|_| format!("invalid -{letter} argument {}", quoted(word)));
        match letter {
            'b' => kinds.push(Kind::Numbers('o', 1)),
            'c' => kinds.push(Kind::Characters),
            'd' => kinds.push(Kind::Numbers('u', 2)),
            'o' => kinds.push(Kind::Numbers('o', 2)),
            's' => kinds.push(Kind::Numbers('d', 2)),
            'x' => kinds.push(Kind::Numbers('x', 2)),
            'v' => shows_all = true,
            't' => kinds.push(kind_of(word).ok_or_else(|| format!("invalid type string {}", quoted(word)))?),
            'A' => {
                radix =
                    radix_of(word).ok_or_else(|| format!("invalid output address radix {}", quoted(word)))?
            }
            'j' => skipped = bytes()?,
            _ => left = bytes()?,
        }
    }
    if kinds.is_empty() {
        kinds.push(Kind::Numbers('o', 2));
    }
    let mut rows = Rows::new(|offset, row: &[u8]| shown(&address(radix, offset), &kinds, row));
    (rows.left, rows.shows_all, rows.offset) = (left, shows_all, skipped);
    let operands = if options.operands.is_empty() { &["-"][..] } else { &options.operands };
    let (mut to_skip, mut has_some, mut status) = (skipped, false, 0);
    for operand in operands {
        // A file is not opened for nothing.
        if has_some && rows.left == 0 {
            break;
        }
        status |= me.each_file(&[*operand], |from, _| {
            has_some = true;
            while to_skip > 0 {
                let mut gone = [0; ROW];
                match me.read(from, &mut gone[..to_skip.min(ROW as u64) as usize])? {
                    0 => return Ok(()),
                    count => to_skip -= count as u64,
                }
            }
            rows.file(me, from)
        });
    }
    if !has_some {
        return Ok(status);
    }
    if to_skip > 0 {
        me.say(format_args!("cannot skip past end of combined input"));
        return Ok(1);
    }
    if rows.end(me).is_err() {
        return Ok(1);
    }
    Ok(if radix == 'n' { status } else { me.put((address(radix, rows.offset) + "\n").as_bytes(), status) })
}

/// The type that `-t` means.
fn kind_of(word: &str) -> Option<Kind> {
    let letter = word.chars().next()?;
    let size = match &word[letter.len_utf8()..] {
        "1" | "C" => 1,
        "2" | "S" => 2,
        "" | "4" | "I" => 4,
        "8" | "L" => 8,
        _ => return None,
    };
    match letter {
        'c' if word.len() == 1 => Some(Kind::Characters),
        'd' | 'o' | 'u' | 'x' => Some(Kind::Numbers(letter, size)),
        _ => None,
    }
}

/// The letter that `-A` means.
fn radix_of(word: &str) -> Option<char> {
    word.chars().next().filter(|letter| "doxn".contains(*letter))
}

fn address(radix: char, offset: u64) -> String {
    match radix {
        'd' => format!("{offset:07}"),
        'o' => format!("{offset:07o}"),
        'x' => format!("{offset:06x}"),
        _ => String::new(),
    }
}

/// A line for each kind, the first behind `address`. Their columns are as wide as the widest needs.
fn shown(address: &str, kinds: &[Kind], row: &[u8]) -> String {
    let all = kinds.iter().map(|kind| (kind.width() + 1) * (ROW / kind.size())).max().unwrap_or(0);
    let mut lines = String::from(address);
    for (number, kind) in kinds.iter().enumerate() {
        if number > 0 {
            lines += &format!("\n{:width$}", "", width = address.len());
        }
        let fields = ROW / kind.size();
        let room = all - kind.width() * fields;
        // How much of the room is still free before each field.
        let free = |fields_left: usize| room * fields_left / fields;
        for (index, bytes) in row.chunks(kind.size()).enumerate() {
            let blanks = free(fields - index) - free(fields - index - 1);
            lines += &format!("{:>width$}", kind.field(bytes), width = kind.width() + blanks);
        }
    }
    lines
}

impl Kind {
    /// Bytes of a field.
    fn size(self) -> usize {
        match self {
            Kind::Characters => 1,
            Kind::Numbers(_, size) => size,
        }
    }

    /// The letters of a field.
    fn width(self) -> usize {
        match self {
            Kind::Characters => 3,
            Kind::Numbers('x', size) => 2 * size,
            Kind::Numbers('o', size) => (8 * size).div_ceil(3),
            Kind::Numbers('u', size) => [3, 5, 10, 20][size.ilog2() as usize],
            Kind::Numbers(_, size) => [4, 6, 11, 20][size.ilog2() as usize],
        }
    }

    /// What shows `bytes`; those that are missing are zeros.
    fn field(self, bytes: &[u8]) -> String {
        let Kind::Numbers(letter, size) = self else { return character(bytes[0]) };
        let mut all = [0; 8];
        all[..bytes.len()].copy_from_slice(bytes);
        let number = u64::from_le_bytes(all);
        let (unused, width) = (64 - 8 * size as u32, self.width());
        match letter {
            'x' => format!("{number:0width$x}"),
            'o' => format!("{number:0width$o}"),
            'u' => format!("{number}"),
            _ => format!("{}", (number << unused) as i64 >> unused),
        }
    }
}

fn character(byte: u8) -> String {
    let letter = match byte {
        0 => '0',
        7 => 'a',
        8 => 'b',
        b'\t' => 't',
        b'\n' => 'n',
        0x0b => 'v',
        0x0c => 'f',
        b'\r' => 'r',
        b' '..=b'~' => return String::from(char::from(byte)),
        _ => return format!("{byte:03o}"),
    };
    format!("\\{letter}")
}
