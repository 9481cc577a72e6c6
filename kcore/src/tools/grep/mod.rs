//! `grep`: the lines that a pattern is in.
//!
//! | file | noun |
//! |---|---|
//! | `pattern` | [`Pattern`]: what is looked for, as a machine of states |
//! | `parse` | a regular expression, understood |

mod parse;
mod pattern;

use pattern::{Pattern, Syntax};

use alloc::format;

use super::{Ended, Failure, Options, System, options};
use crate::errno::Errno;

/// `grep [-EFG] [-chHilnqsvx] [-e] PATTERN [FILE]...`
pub fn grep(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "EFGchHilnqsvxe:")?;
    let said = options.found.iter().rev().find(|(letter, _)| *letter == 'e').map(|(_, pattern)| *pattern);
    let (pattern, files) = match (said, &options.operands[..]) {
        (Some(pattern), files) => (pattern, files),
        (None, [pattern, files @ ..]) => (*pattern, files),
        (None, []) => return Err("a pattern is missing".into()),
    };
    let syntax = match ['E', 'F', 'G'].map(|letter| options.has(letter)) {
        [true, false, false] => Syntax::Extended,
        [false, true, false] => Syntax::Fixed,
        [false, false, _] => Syntax::Basic,
        _ => return Err("conflicting matchers specified".into()),
    };
    let pattern = match Pattern::of(pattern, syntax, options.has('i'), options.has('x')) {
        Ok(pattern) => pattern,
        Err(why) => {
            me.say(format_args!("{why}"));
            return Ok(2);
        }
    };
    Ok(Search { me, pattern, is_named: named(&options, files), options: &options, found: false }.files(files))
}

/// Whether lines have the names of their files in front.
fn named(options: &Options<'_>, files: &[&str]) -> bool {
    let said = options.found.iter().rev().find(|(letter, _)| matches!(letter, 'h' | 'H'));
    said.map_or(files.len() > 1, |(letter, _)| *letter == 'H')
}

/// A search under way.
struct Search<'a, S> {
    me: &'a S,
    pattern: Pattern,
    options: &'a Options<'a>,
    is_named: bool,
    found: bool,
}

impl<S: System> Search<'_, S> {
    fn files(&mut self, files: &[&str]) -> i32 {
        let files = if files.is_empty() { &["-"] } else { files };
        let mut is_wrong = false;
        for name in files {
            match self.me.with_file(name, |from| self.file(from, name)) {
                Ok(()) => {}
                Err(Failure::Input(errno)) => {
                    is_wrong = true;
                    if !self.options.has('s') || errno == Errno::EINTR {
                        self.me.complain(name, errno);
                    }
                }
                Err(Failure::Output) => return 2,
            }
            if self.found && self.options.has('q') {
                return 0;
            }
        }
        if is_wrong { 2 } else { i32::from(!self.found) }
    }

    /// Looks at a file until nothing more is wanted of it.
    fn file(&mut self, from: usize, name: &str) -> Result<(), Failure> {
        let name = if name == "-" { "(standard input)" } else { name };
        let [counts, lists, quiet] = ['c', 'l', 'q'].map(|letter| self.options.has(letter));
        let (mut number, mut count) = (0, 0);
        self.me.each_line(from, |line| {
            number += 1;
            if self.pattern.is_in(line) == self.options.has('v') {
                return Ok(true);
            }
            count += 1;
            if quiet || lists {
                return Ok(false);
            }
            if !counts {
                self.show(name, number, line)?;
            }
            Ok(true)
        })?;
        self.found |= count > 0;
        if counts && !quiet && !lists {
            let prefix = if self.is_named { format!("{name}:") } else { "".into() };
            self.me.output(format!("{prefix}{count}\n").as_bytes())?;
        }
        if lists && !quiet && count > 0 { self.me.output(format!("{name}\n").as_bytes()) } else { Ok(()) }
    }

    fn show(&self, name: &str, number: u64, line: &[u8]) -> Result<(), Failure> {
        let mut text = if self.is_named { format!("{name}:") } else { "".into() };
        if self.options.has('n') {
            text += &format!("{number}:");
        }
        self.me.output(&[text.as_bytes(), line, b"\n"].concat())
    }
}
