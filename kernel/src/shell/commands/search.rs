//! `grep`, `awk`: lines that have something in them, as far as scripts that load a driver ask for them.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::tools::{System, options};

use super::command::{Command, misuse};
use crate::print_to;
use crate::process::Process;

pub(super) const GREP: Command = Command::program(
    "grep",
    "[-q] TEXT [FILE]...",
    "lines with a text in them; ^ and $: at the begin, at the end; -q: only whether there are",
    grep,
)
.of_ours();
pub(super) const AWK: Command = Command::program(
    "awk",
    "'$N==\"WORD\" {print $M}' [FILE]...",
    "a field of the lines with a word in another",
    awk,
)
.of_ours();

fn grep(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "q") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let is_quiet = options.has('q');
    let [pattern, files @ ..] = &options.operands[..] else { return misuse(me, format_args!("which text?")) };
    let begins = pattern.strip_prefix('^');
    let text = begins.unwrap_or(pattern);
    let ends = text.strip_suffix('$');
    let text = ends.unwrap_or(text);
    if let Some(sign) = text.chars().find(|c| r".[]*\^$".contains(*c)) {
        return misuse(
            me,
            format_args!("'{sign}' in a pattern is not offered: only ^ at its begin, $ at its end"),
        );
    }
    let matches = |line: &str| match (begins, ends) {
        (Some(_), Some(_)) => line == text,
        (Some(_), None) => line.starts_with(text),
        (None, Some(_)) => line.ends_with(text),
        (None, None) => line.contains(text),
    };
    let mut found = false;
    let status = lines(me, files, |line| {
        if matches(line) {
            found = true;
            if !is_quiet {
                print_to!(me, "{line}\n");
            }
        }
        !(is_quiet && found)
    });
    match status {
        Ok(()) => i32::from(!found),
        Err(()) if is_quiet && found => 0,
        Err(()) => 2,
    }
}

fn awk(me: &Process, arguments: &[&str]) -> i32 {
    let [program, files @ ..] = arguments else { return misuse(me, format_args!("which program?")) };
    let Some((left, word, right)) = fields_of(program) else {
        return misuse(me, format_args!("of awk there is one form; '{program}' is another"));
    };
    let shown = lines(me, files, |line| {
        // `$0` is all of it.
        let field = |number: usize| match number {
            0 => line,
            _ => line.split_ascii_whitespace().nth(number - 1).unwrap_or(""),
        };
        if field(left) == word {
            print_to!(me, "{}\n", field(right));
        }
        true
    });
    if shown.is_ok() { 0 } else { 2 }
}

/// The numbers and the word of `$N=="WORD" {print $M}`.
fn fields_of(program: &str) -> Option<(usize, &str, usize)> {
    let (left, rest) = program.trim().strip_prefix('$')?.split_once("==")?;
    let (word, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let inside = rest.trim_start().strip_prefix('{')?.strip_suffix('}')?.trim();
    let right = inside.strip_prefix("print")?.trim_start().strip_prefix('$')?;
    let is_plain = !word.contains('\\');
    Some((left.trim_end().parse().ok()?, word, right.parse().ok()?)).filter(|_| is_plain)
}

/// Has `with` look at each line of each file, or of what is typed when there are none, as long as it wants more.
fn lines(me: &Process, files: &[&str], mut with: impl FnMut(&str) -> bool) -> Result<(), ()> {
    let files = if files.is_empty() { &["-"] } else { files };
    let mut ended = Ok(());
    for name in files {
        let mut text = Vec::new();
        let mut buffer = [0; 512];
        let read: Result<bool, Errno> = me.with_file(name, |descriptor| {
            loop {
                match me.read(descriptor, &mut buffer)? {
                    0 => return Ok(true),
                    count => text.extend(&buffer[..count]),
                }
                while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = text.drain(..=end).collect();
                    if !with(&String::from_utf8_lossy(&line[..end])) {
                        return Ok(false);
                    }
                }
            }
        });
        let wants_more = match read {
            Ok(true) | Err(_) if !text.is_empty() => with(&String::from_utf8_lossy(&text)),
            Ok(wants_more) => wants_more,
            Err(_) => true,
        };
        if !wants_more {
            return ended;
        }
        if let Err(errno) = read {
            me.complain(name, errno);
            ended = Err(());
        }
    }
    ended
}
