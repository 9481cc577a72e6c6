//! The values of options and arguments: what reads them, and what a shell is told of them.
//!
//! What the kernel will read is read by the kernel's own parser.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};
use kcore::settings::{self, CommandLine, FAIL_ALLOCATIONS, Fault, Key, Usage, Values};

/// A parser of values, of which a shell can be told some.
#[derive(Clone)]
pub(crate) struct Listed<P>(pub(crate) P, pub(crate) Vec<&'static str>);

impl<P: TypedValueParser> TypedValueParser for Listed<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        self.0.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        (!self.1.is_empty()).then(|| Box::new(self.1.iter().map(PossibleValue::new)) as _)
    }
}

/// What begins the word of a probe that is a replay string.
pub const REPLAY: &str = "replay=";

/// Checks the value of a key exactly as the kernel does, unless it is for the host alone.
pub(crate) fn checked(key: &Key, value: &str) -> Result<String, Usage> {
    if key.name == "probe" && value.starts_with(REPLAY) {
        return Ok(value.to_string());
    }
    within_quotes(value)?;
    let value = &match key.values {
        Values::Size { .. } => value.replace(' ', ""),
        _ => value.to_string(),
    };
    CommandLine::parse(&format!("{}=\"{value}\"", key.name))?;
    // As `qemu-run.sh` knows it, too.
    Ok(match key.values {
        Values::Size { least, most } => settings::size(settings::bytes(key.name, value, least, most)?),
        _ => value.to_string(),
    })
}

/// What may be anything.
pub(crate) fn string(word: &str) -> Result<String, Usage> {
    Ok(word.to_string())
}

/// An experiment, by a name that is looked up later.
pub(crate) fn experiment() -> impl TypedValueParser<Value = String> {
    Listed(string, kcore::experiment::ALL.iter().map(|entry| entry.name).collect())
}

/// Refuses what would end the quotes in which a kernel's command line has its words.
pub(crate) fn within_quotes(word: &str) -> Result<(), Usage> {
    match word.contains('"') {
        true => {
            Err(Usage::new(format!("'{word}' has a double quote in it, which no word of a kernel can have")))
        }
        false => Ok(()),
    }
}

/// What the kernel does not take for a key, or for its other command.
pub(crate) fn filter(value: &str) -> Result<String, Usage> {
    match value.split_once('=') {
        _ if value == FAIL_ALLOCATIONS => Err(Usage::new(format!("say --{FAIL_ALLOCATIONS}"))),
        Some((key, word)) => {
            Err(Usage::new(format!("unexpected word '{value}'; did you mean '--{key} {word}'?")))
        }
        None => within_quotes(value).map(|()| value.to_string()),
    }
}

pub(crate) fn fault(value: &str) -> Result<String, Usage> {
    value.parse::<Fault>().map(|fault| fault.to_string())
}

/// `2/5`.
pub(crate) fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers =
        text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    numbers
        .filter(|(number, of)| (1..=*of).contains(number))
        .ok_or_else(|| "say which part of how many: 1/4, 2/4, 3/4 or 4/4".to_string())
}
