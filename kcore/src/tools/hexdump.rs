//! `hexdump`: bytes and what is printable of them.

use alloc::format;
use alloc::string::String;

use super::rows::{ROW, Rows};
use super::system::quoted;
use super::{Ended, System, options};
use crate::number;

/// `hexdump [-C] [-n BYTES] [FILE]...`
pub fn hexdump(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "Cn:")?;
    let mut rows = Rows::new(|offset, row: &[u8]| format!("{offset:08x}  {}", text(row)));
    for (_, word) in options.found.iter().filter(|(letter, _)| *letter == 'n') {
        rows.left = number::size(word).map_err(|_| format!("invalid number of bytes: {}", quoted(word)))?;
    }
    let status = me.each_file(&options.operands, |from, _| rows.file(me, from));
    if rows.end(me).is_err() {
        return Ok(1);
    }
    Ok(if rows.offset > 0 { me.put(format!("{:08x}\n", rows.offset).as_bytes(), status) } else { status })
}

/// A row in the manner of `hexdump -C`.
fn text(row: &[u8]) -> String {
    let mut text = String::new();
    for place in 0..ROW {
        match row.get(place) {
            Some(byte) => text.push_str(&format!("{byte:02x} ")),
            None => text.push_str("   "),
        }
        if place == ROW / 2 - 1 {
            text.push(' ');
        }
    }
    let printable = |&byte: &u8| if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '.' };
    text.push_str(" |");
    text.extend(row.iter().map(printable));
    text.push('|');
    text
}
