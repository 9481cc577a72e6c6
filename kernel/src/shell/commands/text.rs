//! `head`, `tail`, `wc`: text.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::errno::Errno;

use super::cat::{each_file, unknown_option};
use super::command::{Command, MISUSE, misuse, unexpected};
use crate::print_to;
use crate::process::Process;
use crate::process::process::STDOUT;
use crate::task::shortage;

pub(super) const HEAD: Command =
    Command::program("head", "[-LINES | -n LINES | -c BYTES] [FILE]...", "the first lines, or bytes", head);
pub(super) const TAIL: Command =
    Command::program("tail", "[-LINES | -n LINES] [FILE]...", "the last lines", tail);
pub(super) const WC: Command =
    Command::program("wc", "[-l | -w | -c] [FILE]...", "count lines, words and bytes", wc);

/// Lines that `head` and `tail` show unless told otherwise.
const LINES: usize = 10;
/// Bytes of a read.
const BUFFER: usize = 1024;

/// What is still to be shown.
#[derive(Clone, Copy)]
enum Left {
    Lines(usize),
    Bytes(usize),
}

impl Left {
    /// How many of `bytes` belong to it, which then are no longer left.
    fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Left::Bytes(left) => {
                let count = bytes.len().min(*left);
                *left -= count;
                count
            }
            Left::Lines(left) => {
                for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                    *left -= 1;
                    if *left == 0 {
                        return at + 1;
                    }
                }
                bytes.len()
            }
        }
    }

    fn is_nothing(self) -> bool {
        matches!(self, Left::Lines(0) | Left::Bytes(0))
    }
}

fn head(me: &Process, arguments: &[&str]) -> i32 {
    let (left, names) = match arguments {
        ["-c", number, rest @ ..] => match number.parse() {
            Ok(number) => (Left::Bytes(number), rest),
            Err(_) => return no_number(me, number),
        },
        _ => match lines(arguments) {
            Ok((number, rest)) => (Left::Lines(number), rest),
            Err(word) => return no_number(me, word),
        },
    };
    titled(me, names, |descriptor| {
        let mut left = left;
        let mut buffer = [0; BUFFER];
        while !left.is_nothing() {
            let count = me.read(descriptor, &mut buffer)?;
            if count == 0 {
                break;
            }
            me.write_all(STDOUT, &buffer[..left.take(&buffer[..count])])?;
        }
        Ok(())
    })
}

/// How many lines are wanted, and the other arguments; or what is no number.
fn lines<'a, 'b>(arguments: &'a [&'b str]) -> Result<(usize, &'a [&'b str]), &'b str> {
    match arguments {
        ["-n", number, rest @ ..] => Ok((number.parse().map_err(|_| *number)?, rest)),
        [word, rest @ ..] => match word.strip_prefix('-').map(str::parse) {
            Some(Ok(number)) => Ok((number, rest)),
            _ => Ok((LINES, arguments)),
        },
        [] => Ok((LINES, arguments)),
    }
}

fn no_number(me: &Process, word: &str) -> i32 {
    misuse(me, format_args!("'{word}' is no number"))
}

fn tail(me: &Process, arguments: &[&str]) -> i32 {
    let (wanted, names) = match lines(arguments) {
        Ok(understood) => understood,
        Err(word) => return no_number(me, word),
    };
    titled(me, names, |descriptor| {
        let mut text = Vec::new();
        let mut buffer = [0; BUFFER];
        loop {
            match me.read(descriptor, &mut buffer)? {
                0 => return me.write_all(STDOUT, last_lines(&text, wanted)),
                count => {
                    shortage::without(|| text.try_reserve(count)).map_err(|_| Errno::ENOMEM)?;
                    text.extend_from_slice(&buffer[..count]);
                    let before = text.len() - last_lines(&text, wanted).len();
                    text.drain(..before);
                }
            }
        }
    })
}

/// The last `wanted` lines of `text`; the last of them may have no end.
fn last_lines(text: &[u8], wanted: usize) -> &[u8] {
    if wanted == 0 {
        return &[];
    }
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let begin = ends.map(|(at, _)| at + 1).nth(wanted - 1).unwrap_or(0);
    &text[begin..]
}

/// Lines, words, bytes.
#[derive(Default)]
struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
    in_word: bool,
}

fn wc(me: &Process, arguments: &[&str]) -> i32 {
    let (option, names) = match arguments {
        [option @ ("-l" | "-w" | "-c"), rest @ ..] => (*option, rest),
        rest => ("", rest),
    };
    let mut total = Counts::default();
    let status = files(me, names, |descriptor, name| {
        let counts = count(me, descriptor)?;
        total.add(&counts);
        me.print(format_args!("{}", counts.line(option, if name == "-" { "" } else { name })));
        Ok(())
    });
    if names.len() > 1 && status != MISUSE {
        me.print(format_args!("{}", total.line(option, "total")));
    }
    status
}

impl Counts {
    fn add(&mut self, more: &Counts) {
        self.lines += more.lines;
        self.words += more.words;
        self.bytes += more.bytes;
    }

    /// What `option` asks for, and whose it is.
    fn line(&self, option: &str, name: &str) -> String {
        let Counts { lines, words, bytes, .. } = self;
        let gap = if name.is_empty() { "" } else { " " };
        match option {
            "-l" => format!("{lines}{gap}{name}\n"),
            "-w" => format!("{words}{gap}{name}\n"),
            "-c" => format!("{bytes}{gap}{name}\n"),
            _ => format!("{lines:>7} {words:>7} {bytes:>7}{gap}{name}\n"),
        }
    }
}

fn count(me: &Process, descriptor: usize) -> Result<Counts, Errno> {
    let mut counts = Counts::default();
    let mut buffer = [0; BUFFER];
    loop {
        let count = me.read(descriptor, &mut buffer)?;
        if count == 0 {
            return Ok(counts);
        }
        counts.bytes += count as u64;
        for byte in &buffer[..count] {
            counts.lines += u64::from(*byte == b'\n');
            let in_word = !byte.is_ascii_whitespace();
            counts.words += u64::from(in_word && !counts.in_word);
            counts.in_word = in_word;
        }
    }
}

/// Has `with` read each of the files, or what is typed when there are none.
fn files(me: &Process, names: &[&str], mut with: impl FnMut(usize, &str) -> Result<(), Errno>) -> i32 {
    if let Some(option) = unknown_option(names) {
        return unexpected(me, option);
    }
    let names = if names.is_empty() { &["-"] } else { names };
    let mut status = 0;
    for name in names {
        if let Err(errno) = each_file(me, name, |descriptor| with(descriptor, name)) {
            me.complain(name, errno);
            status = 1;
        }
    }
    status
}

/// [`files`], with a heading for each when there are several.
fn titled(me: &Process, names: &[&str], mut with: impl FnMut(usize) -> Result<(), Errno>) -> i32 {
    let mut gap = "";
    files(me, names, |descriptor, name| {
        if names.len() > 1 {
            let title = if name == "-" { "standard input" } else { name };
            print_to!(me, "{gap}==> {title} <==\n");
            gap = "\n";
        }
        with(descriptor)
    })
}
