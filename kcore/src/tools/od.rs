//! `od`: bytes as characters or as numbers.

use alloc::format;
use alloc::string::String;

use super::rows::{ROW, Rows};
use super::system::quoted;
use super::{Ended, System, number, options};

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
    let (mut kind, mut radix) = (Kind::Numbers('o', 2), 'o');
    let (mut skipped, mut left, mut shows_all) = (0, u64::MAX, false);
    for &(letter, word) in &options.found {
        let bytes = || number::size(word).map_err(|_| format!("invalid -{letter} argument {}", quoted(word)));
        match letter {
            'b' => kind = Kind::Numbers('o', 1),
            'c' => kind = Kind::Characters,
            'd' => kind = Kind::Numbers('u', 2),
            'o' => kind = Kind::Numbers('o', 2),
            's' => kind = Kind::Numbers('d', 2),
            'x' => kind = Kind::Numbers('x', 2),
            'v' => shows_all = true,
            't' => kind = kind_of(word).ok_or_else(|| format!("invalid type string {}", quoted(word)))?,
            'A' => {
                radix =
                    radix_of(word).ok_or_else(|| format!("invalid output address radix {}", quoted(word)))?
            }
            'j' => skipped = bytes()?,
            _ => left = bytes()?,
        }
    }
    let mut rows = Rows::new(|offset, row: &[u8]| address(radix, offset) + &shown(kind, row));
    (rows.left, rows.shows_all, rows.offset) = (left, shows_all, skipped);
    let mut to_skip = skipped;
    let status = me.each_file(&options.operands, |from, _| {
        while to_skip > 0 {
            let mut gone = [0; ROW];
            match me.read(from, &mut gone[..to_skip.min(ROW as u64) as usize])? {
                0 => return Ok(()),
                count => to_skip -= count as u64,
            }
        }
        rows.file(me, from)
    });
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

fn shown(kind: Kind, row: &[u8]) -> String {
    match kind {
        Kind::Characters => row.iter().map(|byte| character(*byte)).collect(),
        Kind::Numbers(letter, size) => row.chunks(size).map(|bytes| numeral(letter, size, bytes)).collect(),
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
        b' '..=b'~' => return format!("   {}", char::from(byte)),
        _ => return format!(" {byte:03o}"),
    };
    format!("  \\{letter}")
}

/// A number of `size` bytes; those that are missing are zeros.
fn numeral(letter: char, size: usize, bytes: &[u8]) -> String {
    let mut all = [0; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    let number = u64::from_le_bytes(all);
    let unused = 64 - 8 * size as u32;
    match letter {
        'x' => format!(" {number:0width$x}", width = 2 * size),
        'o' => format!(" {number:0width$o}", width = (8 * size).div_ceil(3)),
        'u' => format!(" {number:width$}", width = [3, 5, 10, 20][size.ilog2() as usize]),
        _ => format!(
            " {:width$}",
            (number << unused) as i64 >> unused,
            width = [4, 6, 11, 20][size.ilog2() as usize]
        ),
    }
}
