//! `hexdump`: bytes and what is printable of them.

use alloc::format;
use alloc::string::String;

use kcore::errno::Errno;

use super::cat::{each_file, unknown_option};
use super::command::{Command, misuse, unexpected};
use crate::print_to;
use crate::process::Process;

pub(super) const COMMAND: Command =
    Command::program("hexdump", "[-C] [-n BYTES] [FILE]...", "show bytes; equal rows once", main);

/// Bytes of a row.
const ROW: usize = 16;

/// What was shown so far.
struct Dump {
    offset: usize,
    left: usize,
    before: Option<[u8; ROW]>,
    is_repeated: bool,
}

fn main(me: &Process, mut arguments: &[&str]) -> i32 {
    let mut left = usize::MAX;
    loop {
        match arguments {
            ["-C", rest @ ..] => arguments = rest,
            ["-n", number, rest @ ..] => match number.parse() {
                Ok(number) => (left, arguments) = (number, rest),
                Err(_) => return misuse(me, format_args!("'{number}' is no number of bytes")),
            },
            _ => break,
        }
    }
    if let Some(option) = unknown_option(arguments) {
        return unexpected(me, option);
    }
    let names = if arguments.is_empty() { &["-"] } else { arguments };
    let mut dump = Dump { offset: 0, left, before: None, is_repeated: false };
    let mut status = 0;
    for name in names {
        if let Err(errno) = each_file(me, name, |descriptor| dump.file(me, descriptor)) {
            me.complain(name, errno);
            status = 1;
        }
    }
    if dump.offset > 0 {
        print_to!(me, "{:08x}\n", dump.offset);
    }
    status
}

impl Dump {
    fn file(&mut self, me: &Process, descriptor: usize) -> Result<(), Errno> {
        loop {
            let mut row = [0; ROW];
            let mut filled = 0;
            let wanted = ROW.min(self.left);
            while filled < wanted {
                match me.read(descriptor, &mut row[filled..wanted])? {
                    0 => break,
                    count => filled += count,
                }
            }
            if filled == 0 {
                return Ok(());
            }
            self.row(me, &row, filled);
            self.left -= filled;
            self.offset += filled;
        }
    }

    fn row(&mut self, me: &Process, row: &[u8; ROW], filled: usize) {
        let is_same = filled == ROW && self.before.as_ref() == Some(row);
        if !is_same {
            print_to!(me, "{:08x}  {}\n", self.offset, Row(&row[..filled]).text());
        } else if !self.is_repeated {
            print_to!(me, "*\n");
        }
        self.is_repeated = is_same;
        self.before = (filled == ROW).then_some(*row);
    }
}

/// A row in the manner of `hexdump -C`.
struct Row<'a>(&'a [u8]);

impl Row<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        for place in 0..ROW {
            match self.0.get(place) {
                Some(byte) => text.push_str(&format!("{byte:02x} ")),
                None => text.push_str("   "),
            }
            if place == ROW / 2 - 1 {
                text.push(' ');
            }
        }
        let printable = |&byte: &u8| if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '.' };
        text.push_str(" |");
        text.extend(self.0.iter().map(printable));
        text.push('|');
        text
    }
}
