//! What is said of a mistake in a word, and the numbers that can be mistaken.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::nearest::nearest;

/// A line for the person that typed the command. Exit status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The line.
    pub message: String,
}

impl Usage {
    /// A mistake described by `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Usage { message: message.into() }
    }

    /// `word` is no `what`.
    pub fn unknown(what: &str, word: &str, valid: &[&str]) -> Self {
        Usage::listed(&format!("unknown {what} '{word}'"), word, valid)
    }

    /// What is `said` of a word that is none of those which are `valid`: the nearest first, then all.
    pub fn listed(said: &str, word: &str, valid: &[&str]) -> Self {
        let all = if valid.is_empty() { String::from("none") } else { valid.join(", ") };
        // `delay=N`, `rendezvous[=POINT]`: the word, and what is to follow.
        let words = valid.iter().filter_map(|shown| shown.split(['[', '=']).next());
        Usage::new(match nearest(word, words) {
            Some(near) => format!("{said}; did you mean '{near}'? valid: {all}"),
            None => format!("{said}; valid: {all}"),
        })
    }

    /// An option, as it is written, that only `takers` have a use for.
    pub fn useless<'a>(option: &str, takers: impl Iterator<Item = &'a str>) -> Self {
        let takers: Vec<&str> = takers.collect();
        Usage::new(format!("{option} would change nothing here: it is for {}", takers.join(", ")))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Usage {}

/// A whole number within bounds.
pub fn number(what: &str, word: &str, least: u64, most: u64) -> Result<u64, Usage> {
    match word.parse::<u64>() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Usage::new(format!("{what} '{word}' is not a whole number from {least} to {most}"))),
    }
}

/// A number of bytes: `128M`, `512KiB`, `1GB`, `65536`. All units are powers of 1024, as memory is sold.
pub fn bytes(what: &str, word: &str, least: u64, most: u64) -> Result<u64, Usage> {
    match parse_bytes(word) {
        Some(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Usage::new(format!(
            "{what} '{word}' is not a size from {} to {} (K, M and G are understood, and KiB or KB)",
            size(least),
            size(most)
        ))),
    }
}

pub(super) fn parse_bytes(word: &str) -> Option<u64> {
    let at = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(at);
    // Nothing is allocated: the size of the heap is asked for before there is one.
    let bits = match unit.as_bytes().first().map(u8::to_ascii_lowercase) {
        None => 0,
        Some(b'k') => 10,
        Some(b'm') => 20,
        Some(b'g') => 30,
        Some(_) => return None,
    };
    let is_unit =
        ["", "b", "ib"].iter().any(|rest| unit.get(1..).unwrap_or_default().eq_ignore_ascii_case(rest));
    digits.parse::<u64>().ok().filter(|_| is_unit)?.checked_mul(1 << bits)
}

/// `64K`: the shortest word for so many bytes.
pub fn size(bytes: u64) -> String {
    let units = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    let fitting = units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or_else(|| bytes.to_string(), |(unit, letter)| format!("{}{letter}", bytes / unit))
}
