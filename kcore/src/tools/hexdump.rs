//! `hexdump`: bytes and what is printable of them.

use alloc::format;
use alloc::string::String;

use super::system::quoted;
use super::{Ended, Failure, System, number, options};

/// Bytes of a row.
const ROW: usize = 16;

/// What was shown so far.
struct Dump {
    offset: u64,
    left: u64,
    before: Option<[u8; ROW]>,
    is_repeated: bool,
}

/// `hexdump [-C] [-n BYTES] [FILE]...`
pub fn hexdump(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "Cn:")?;
    let mut dump = Dump { offset: 0, left: u64::MAX, before: None, is_repeated: false };
    for (_, word) in options.found.iter().filter(|(letter, _)| *letter == 'n') {
        dump.left = number::size(word).map_err(|_| format!("invalid number of bytes: {}", quoted(word)))?;
    }
    let status = me.each_file(&options.operands, |from, _| dump.file(me, from));
    Ok(if dump.offset > 0 { me.put(format!("{:08x}\n", dump.offset).as_bytes(), status) } else { status })
}

impl Dump {
    fn file(&mut self, me: &impl System, from: usize) -> Result<(), Failure> {
        loop {
            let mut row = [0; ROW];
            let mut filled = 0;
            // No byte is taken that is not shown.
            let wanted = self.left.min(ROW as u64) as usize;
            while filled < wanted {
                match me.read(from, &mut row[filled..wanted])? {
                    0 => break,
                    count => filled += count,
                }
            }
            if filled == 0 {
                return Ok(());
            }
            self.row(me, &row, filled)?;
            self.left -= filled as u64;
            self.offset += filled as u64;
        }
    }

    fn row(&mut self, me: &impl System, row: &[u8; ROW], filled: usize) -> Result<(), Failure> {
        let is_same = filled == ROW && self.before.as_ref() == Some(row);
        let was_repeated = core::mem::replace(&mut self.is_repeated, is_same);
        self.before = (filled == ROW).then_some(*row);
        match (is_same, was_repeated) {
            (false, _) => me.output(format!("{:08x}  {}\n", self.offset, text(&row[..filled])).as_bytes()),
            (true, false) => me.output(b"*\n"),
            (true, true) => Ok(()),
        }
    }
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
