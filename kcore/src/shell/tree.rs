//! A line, understood.

use alloc::string::String;
use alloc::vec::Vec;

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it stands, without its quotes.
    Text(String),
    /// `$?`: what the last pipeline ended with.
    Status,
    /// `$!`: the task of the last background job.
    Background,
}

/// A word, before `$?` and its like have values. Without parts it is the empty word `""`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its pieces, which follow each other without a gap.
    pub parts: Vec<Part>,
}

impl Word {
    /// The word, with the values that its parts have now.
    pub fn expand(&self, status: i32, background: u32) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Status => alloc::format!("{status}"),
            Part::Background => alloc::format!("{background}"),
        };
        self.parts.iter().map(part).collect()
    }

    /// Whether it is `text` and nothing in it was an expansion.
    pub fn is(&self, text: &str) -> bool {
        matches!(&self.parts[..], [Part::Text(only)] if only == text)
    }
}

/// Where a file descriptor leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `< FILE`: opened for reading.
    Read(Word),
    /// `> FILE`: opened for writing, and emptied.
    Write(Word),
    /// `>> FILE`: opened for writing at the end.
    Append(Word),
    /// `<> FILE`: opened for both, and not emptied.
    Both(Word),
    /// `>& N`: where descriptor N leads.
    Same(usize),
}

/// `2> FILE` and its like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// The descriptor that is led elsewhere, 0 to 9.
    pub descriptor: usize,
    /// To where.
    pub target: Target,
}

/// A command with its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// The command's name, and its arguments. Empty when there are only redirections.
    pub words: Vec<Word>,
    /// In the order in which they are done.
    pub redirections: Vec<Redirection>,
}

/// Commands each of which reads what the one before it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// `time` stands before it: say how long it took.
    pub timed: bool,
    /// At least one.
    pub commands: Vec<Simple>,
}

/// When a pipeline runs, by what the one before it ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In any case: it is the first.
    Always,
    /// `&&`: when all was well.
    Success,
    /// `||`: when it was not.
    Failure,
}

/// Pipelines that depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// At least one, the first of them with [`When::Always`].
    pub pipelines: Vec<(When, Pipeline)>,
    /// The shell does not wait for it: `&` stands behind it.
    pub background: bool,
    /// As it was written, for the list of jobs.
    pub text: String,
}
