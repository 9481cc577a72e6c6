//! `head` and `tail`: the first of a text, the last, or all but those.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::system::quoted;
use super::{Ended, Failure, Options, System, options};
use crate::dev::Whence;
use crate::number;

/// Lines that are shown unless told otherwise.
const LINES: u64 = 10;
/// Bytes of a read.
const BUFFER: usize = 1024;
/// How long `tail -f` sleeps at the end of a file, in microseconds.
const PAUSE: u64 = 1_000_000;

/// So many lines, or bytes.
#[derive(Clone, Copy)]
struct Amount {
    is_bytes: bool,
    count: u64,
}

/// What is wanted of each file.
#[derive(Clone, Copy)]
struct Part {
    amount: Amount,
    /// `-N` of head, `+N` of tail: it is counted from the other end.
    is_other_end: bool,
}

/// `head [-LINES] [-n LINES | -c BYTES] [-qv] [FILE]...`
pub fn head(me: &impl System, words: &[&str]) -> Ended {
    let (part, options) = understood(words, "n:c:qv", '-')?;
    Ok(titled(me, &options, |from| {
        if !part.is_other_end {
            return first(me, from, part.amount, true);
        }
        let rest = slide(me, from, part.amount, |front| me.output(front))?;
        // It is not asked for, and given back where that is possible.
        let _ = me.llseek(from, Whence::Current, -(rest.len() as i64));
        Ok(())
    }))
}

/// `tail [-LINES] [-n [+]LINES | -c [+]BYTES] [-fqv] [FILE]...`
pub fn tail(me: &impl System, words: &[&str]) -> Ended {
    let (part, options) = understood(words, "n:c:fqv", '+')?;
    let Part { mut amount, is_other_end } = part;
    let follows = options.has('f');
    if follows && options.operands.len() > 1 {
        return Err("-f follows one file".into());
    }
    if amount.count == 0 && !is_other_end && !follows {
        return Ok(0);
    }
    Ok(titled(me, &options, |from| {
        if is_other_end {
            amount.count = amount.count.saturating_sub(1);
            first(me, from, amount, false)?;
            amount.count = part.amount.count;
            copy(me, from)?;
        } else {
            me.output(&slide(me, from, amount, |_| Ok(()))?)?;
        }
        if !follows {
            return Ok(());
        }
        loop {
            me.pause(PAUSE)?;
            copy(me, from)?;
        }
    }))
}

/// What the options say. A number with `other` in front is counted from the other end.
fn understood<'w>(words: &[&'w str], letters: &str, other: char) -> Result<(Part, Options<'w>), String> {
    let mut part = Part { amount: Amount { is_bytes: false, count: LINES }, is_other_end: false };
    // `-3` stands for `-n 3`, before all others.
    let digits = words.first().and_then(|word| word.strip_prefix('-'));
    let plain = digits.filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
    let words = if plain.is_some() { &words[1..] } else { words };
    let options = options(words, letters)?;
    let numbers = options.found.iter().filter(|(letter, _)| matches!(letter, 'n' | 'c'));
    for (letter, word) in plain.iter().map(|digits| ('n', *digits)).chain(numbers.copied()) {
        let is_bytes = letter == 'c';
        // A plus is a part of a number, too.
        let digits = word.strip_prefix('-').unwrap_or(word);
        let what = if is_bytes { "number of bytes" } else { "number of lines" };
        let count = number::size(digits).map_err(|_| format!("invalid {what}: {}", quoted(digits)))?;
        part = Part { amount: Amount { is_bytes, count }, is_other_end: word.starts_with(other) };
    }
    Ok((part, options))
}

/// Has `with` read each of the files, with a heading for each when there are several.
fn titled(
    me: &impl System,
    options: &Options<'_>,
    mut with: impl FnMut(usize) -> Result<(), Failure>,
) -> i32 {
    let said = options.found.iter().rev().find(|(letter, _)| matches!(letter, 'q' | 'v'));
    let has_titles = said.map_or(options.operands.len() > 1, |(letter, _)| *letter == 'v');
    let mut gap = "";
    me.each_file(&options.operands, |from, name| {
        if has_titles {
            let title = if name == "-" { "standard input" } else { name };
            me.output(format!("{gap}==> {title} <==\n").as_bytes())?;
            gap = "\n";
        }
        with(from)
    })
}

/// Reads the first of a file, and shows it, or what cannot be given back behind it. Of bytes that are shown,
/// no more are read; of lines, what was read behind them is given back where that is possible.
fn first(me: &impl System, from: usize, amount: Amount, is_shown: bool) -> Result<(), Failure> {
    let mut left = amount.count;
    let mut buffer = [0; BUFFER];
    while left > 0 {
        let wanted = if amount.is_bytes && is_shown { left.min(BUFFER as u64) as usize } else { BUFFER };
        let count = me.read(from, &mut buffer[..wanted])?;
        if count == 0 {
            break;
        }
        let taken = amount.taken(&buffer[..count], &mut left);
        if is_shown {
            me.output(&buffer[..taken])?;
        }
        if taken < count && me.llseek(from, Whence::Current, -((count - taken) as i64)).is_err() && !is_shown
        {
            // They cannot be read again.
            me.output(&buffer[taken..count])?;
        }
    }
    Ok(())
}

/// Shows all that is still to be read.
fn copy(me: &impl System, from: usize) -> Result<(), Failure> {
    let mut buffer = [0; BUFFER];
    loop {
        match me.read(from, &mut buffer)? {
            0 => return Ok(()),
            count => me.output(&buffer[..count])?,
        }
    }
}

/// Reads all of a file, and passes on what cannot be of its last part, which it returns.
fn slide(
    me: &impl System,
    from: usize,
    last: Amount,
    mut front: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let mut buffer = [0; BUFFER];
    loop {
        let count = me.read(from, &mut buffer)?;
        if count == 0 {
            return Ok(text);
        }
        me.reserve(&mut text, count)?;
        text.extend_from_slice(&buffer[..count]);
        let before = text.len() - last.last_of(&text).len();
        front(&text[..before])?;
        text.drain(..before);
    }
}

impl Amount {
    /// How many of `bytes` belong to it, which then are not `left` any more.
    fn taken(&self, bytes: &[u8], left: &mut u64) -> usize {
        if self.is_bytes {
            let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= taken as u64;
            return taken;
        }
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            *left -= 1;
            if *left == 0 {
                return at + 1;
            }
        }
        bytes.len()
    }

    /// The last of `text`; the last of its lines may have no end.
    fn last_of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        if self.is_bytes || count == 0 {
            return &text[text.len().saturating_sub(count)..];
        }
        let body = text.strip_suffix(b"\n").unwrap_or(text);
        let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let begin = ends.map(|(at, _)| at + 1).nth(count - 1).unwrap_or(0);
        &text[begin..]
    }
}
