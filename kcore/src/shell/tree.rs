//! A script, understood.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// It stands in quotes: its value is neither split nor a pattern.
    pub quoted: bool,
    /// What it is.
    pub piece: Piece,
}

/// What a piece of a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands, without its quotes.
    Text(String),
    /// `$x`, `${x:-WORD}`: a parameter, and what is made of its value.
    Parameter(String, Option<Box<(Change, Word)>>),
    /// `$(...)`: what these commands put out.
    Command(Vec<List>),
    /// `$((...))`: a number.
    Arithmetic(Word),
}

/// What is made of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `${#x}`: its length.
    Length,
    /// `${x-WORD}`, and `${x:-WORD}` also for an empty one: the word instead.
    Default(Empty),
    /// `${x=WORD}`: the same, and the parameter has that value from now on.
    Assign(Empty),
    /// `${x?WORD}`: without a value it is an error.
    Need(Empty),
    /// `${x+WORD}`: the word instead of a value.
    Instead(Empty),
    /// `${x#PATTERN}`: without the shortest beginning that matches, or the longest one.
    Beginning(Reach),
    /// `${x%PATTERN}`: without the shortest end that matches, or the longest one.
    End(Reach),
}

/// What an empty value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// A value.
    Value,
    /// None: a colon says so.
    Missing,
}

/// How much a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As little as it can.
    Shortest,
    /// As much as it can.
    Longest,
}

/// A word, before its parts have values. Without parts it is nothing; an empty word has an empty part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its pieces, which follow each other without a gap.
    pub parts: Vec<Part>,
}

impl Word {
    /// What of it is text.
    pub fn text(&self) -> String {
        let text = |part: &Part| match &part.piece {
            Piece::Text(text) => text.clone(),
            _ => String::new(),
        };
        self.parts.iter().map(text).collect()
    }

    /// Whether it is `text`, and nothing in it was quoted or an expansion.
    pub fn is(&self, text: &str) -> bool {
        self.bare() == Some(text)
    }

    /// Its text, if it is one without quotes and expansions.
    pub fn bare(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part { quoted: false, piece: Piece::Text(only) }] => Some(only),
            _ => None,
        }
    }

    /// Whether commands have to run before it has a value.
    pub fn runs_commands(&self) -> bool {
        self.parts.iter().any(|part| match &part.piece {
            Piece::Command(_) => true,
            Piece::Arithmetic(word) => word.runs_commands(),
            Piece::Parameter(_, Some(change)) => change.1.runs_commands(),
            _ => false,
        })
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
    /// `>&-`: nowhere.
    Nowhere,
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
    /// `NAME=VALUE` before it.
    pub assignments: Vec<(String, Word)>,
    /// The command's name, and its arguments. Empty when there are only assignments and redirections.
    pub words: Vec<Word>,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A name with arguments.
    Simple(Simple),
    /// `{ ...; }`
    Group(Vec<List>),
    /// `( ... )`: in a shell of its own.
    Subshell(Vec<List>),
    /// `if`: conditions with what is done if they hold, and what is done if none does.
    If(Vec<(Vec<List>, Vec<List>)>, Vec<List>),
    /// `for NAME in WORD...`; the script's arguments when there is no `in`.
    For(String, Option<Vec<Word>>, Vec<List>),
    /// `while`, or `until`, which goes on as long as the condition ends with this: success or not.
    While(bool, Vec<List>, Vec<List>),
}

/// A command, and where its descriptors lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is.
    pub form: Form,
    /// In the order in which they are done.
    pub redirections: Vec<Redirection>,
}

/// Commands each of which reads what the one before it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// `time` stands before it: say how long it took.
    pub timed: bool,
    /// `!` stands before it: success is failure.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
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
    /// The line in which it begins, from 1.
    pub line: usize,
}
