//! A key: what a row of the table says, and how values are read and written.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::table::{MachineSettings, RunSettings};
use super::usage::{Usage, bytes, number};

/// A row of the table.
#[derive(Debug)]
pub struct Key {
    /// As it is written: `name=value`, and `--name value`.
    pub name: &'static str,
    /// What it is about.
    pub scope: Scope,
    /// What its value may be.
    pub values: Values,
    /// What holds where it is not given.
    pub otherwise: Otherwise,
    /// The commands that take it, those of the lab among them; with an option behind it, one takes it with
    /// that only. All others refuse it.
    pub takers: &'static [&'static str],
    /// What it is, as its field's comment in the table has it.
    pub(super) comment: &'static str,
}

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A run: it can be chosen anew for each.
    Run,
    /// The machine, which is made already when an experiment runs.
    Machine,
    /// What the machine's shell is connected with. It changes no run.
    Terminal,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One of these. Some go on: `delay=N`, `fire[=POINT]`.
    Words {
        /// The words.
        words: &'static [&'static str],
        /// What each of them means.
        meanings: &'static [&'static str],
    },
    /// A whole number.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// The same, with K, M or G behind it if need be.
    Size {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// Anything that fits.
    Text {
        /// What stands for it in `--help`.
        stands_for: &'static str,
        /// What something else is not.
        noun: &'static str,
        /// Some that fit.
        valid: &'static str,
        /// Whether a word fits.
        fits: fn(&str) -> bool,
    },
}

/// What holds where a key is not given.
#[derive(Clone, Copy, Debug)]
pub enum Otherwise {
    /// This word. To give it says nothing.
    Word(&'static str),
    /// This, in words of the reader's.
    Text(&'static str),
}

impl Otherwise {
    /// For people.
    pub fn text(&self) -> &'static str {
        let (Otherwise::Word(text) | Otherwise::Text(text)) = self;
        text
    }

    /// Whether it is the same to give `word`.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Otherwise::Word(own) if *own == word)
    }
}

/// The keys of a run and of a machine.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    RunSettings::KEYS.iter().chain(MachineSettings::KEYS)
}

/// The key called `name`.
pub fn find(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name)
}

impl Key {
    /// What it is, without a full stop.
    pub fn what(&self) -> &'static str {
        self.comment.trim_ascii()
    }

    /// What it is, with its words, and what holds where it is not given.
    pub fn help(&self) -> String {
        format!("{} ({})", self.values.listed(self.what()), self.otherwise.text())
    }

    /// Whether `command` takes it, at least with one of its options.
    pub fn is_for(&self, command: &str) -> bool {
        is_among(self.takers, command)
    }

    /// A word that is the name of none of `valid`.
    pub fn unknown(word: &str, valid: impl IntoIterator<Item = &'static Key>) -> Usage {
        Usage::unknown("key", word, &valid.into_iter().map(|key| key.name).collect::<Vec<_>>())
    }

    fn number(&self, word: &str) -> Result<u64, Usage> {
        match self.values {
            Values::Number { least, most } => number(self.name, word, least, most),
            Values::Size { least, most } => bytes(self.name, word, least, most),
            Values::Words { .. } | Values::Text { .. } => {
                unreachable!("{} has a number in the table", self.name)
            }
        }
    }
}

/// Whether `command` is one of `takers`, at least with one of its options.
pub fn is_among(takers: &[&str], command: &str) -> bool {
    takers.iter().any(|taker| taker.split(' ').next() == Some(command))
}

/// Words that a list has room for.
pub const MOST_LISTED: usize = 9;

impl Values {
    /// `what`, with the words that it may be, or with some of them, if they are many.
    pub fn listed(&self, what: &str) -> String {
        match self {
            Values::Words { words, .. } if words.len() > MOST_LISTED => {
                format!("{what}: {}, ...", words[..3].join(", "))
            }
            Values::Words { words, .. } => format!("{what}: {}", words.join(", ")),
            Values::Number { .. } | Values::Size { .. } | Values::Text { .. } => what.to_string(),
        }
    }

    fn list(&self) -> impl Iterator<Item = &'static str> {
        let words = if let Values::Words { words, .. } = self { words } else { [].as_slice() };
        words.iter().copied()
    }

    /// The words, without what they may go on with; none where they cannot be listed.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.list().map(|word| word.split(['=', '[']).next().unwrap_or(word))
    }

    /// What a line is completed with: the words, with a sign behind those that must go on.
    pub fn beginnings(&self) -> impl Iterator<Item = &'static str> {
        let before_bracket = |word: &'static str| word.split('[').next().unwrap_or(word);
        self.list().map(before_bracket).map(|word| word.split_inclusive('=').next().unwrap_or(word))
    }
}

/// What the values of a key become.
pub(super) trait Value: Sized {
    /// Reads a value of `key`.
    fn read(key: &Key, word: &str) -> Result<Self, Usage>;
    /// The word that is read as this; none if it is that none was given.
    fn write(&self) -> Option<String>;
    /// What is there when `key` is not given.
    fn otherwise(key: &Key) -> Self {
        match key.otherwise {
            Otherwise::Word(word) => Self::read(key, word).expect("the table's own words are values"),
            Otherwise::Text(_) => unreachable!("{} can be absent", key.name),
        }
    }
}

impl<T: Value> Value for Option<T> {
    fn read(key: &Key, word: &str) -> Result<Self, Usage> {
        T::read(key, word).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }

    fn otherwise(_: &Key) -> Self {
        None
    }
}

impl Value for u64 {
    fn read(key: &Key, word: &str) -> Result<Self, Usage> {
        key.number(word)
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for u32 {
    fn read(key: &Key, word: &str) -> Result<Self, Usage> {
        let number = key.number(word)?;
        Ok(number.try_into().expect("the table's bounds are within a u32"))
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// What is kept as it was written.
impl Value for String {
    fn read(key: &Key, word: &str) -> Result<Self, Usage> {
        match key.values {
            Values::Text { noun, valid, fits, .. } if !fits(word) => {
                Err(Usage::new(format!("{} '{word}' is no {noun}; valid: {valid}", key.name)))
            }
            Values::Number { .. } | Values::Size { .. } => key.number(word).map(|_| word.to_string()),
            Values::Text { .. } | Values::Words { .. } => Ok(word.to_string()),
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.clone())
    }
}
