//! What is said of a mistake in a word, and the numbers that can be mistaken.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

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
        Usage::new(format!("unknown {what} '{word}'; valid: {}", valid.join(", ")))
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

/// A number of bytes: `128M`, `512K`, `1G`, `65536`.
pub fn bytes(what: &str, word: &str, least: u64, most: u64) -> Result<u64, Usage> {
    match parse_bytes(word) {
        Some(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Usage::new(format!(
            "{what} '{word}' is not a size from {least} to {most} bytes (K, M and G are understood)"
        ))),
    }
}

pub(super) fn parse_bytes(word: &str) -> Option<u64> {
    let (digits, unit) = match word.as_bytes().last()? {
        b'K' | b'k' => (&word[..word.len() - 1], 1u64 << 10),
        b'M' | b'm' => (&word[..word.len() - 1], 1 << 20),
        b'G' | b'g' => (&word[..word.len() - 1], 1 << 30),
        _ => (word, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
