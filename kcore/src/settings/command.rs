//! What the machine is to do: the words before the keys.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::usage::Usage;
use super::words::Fault;

/// What the machine is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The tour: every lock in turn, natural and at the rendezvous.
    Tour,
    /// One experiment, by its name in the catalogue.
    Run(String),
    /// Every order of one experiment's steps, made on one CPU.
    Explore(String),
    /// One execution that this has found, made again.
    Replay(String),
    /// The in-kernel test cases whose names contain the filter.
    Test(Option<String>),
    /// Everything that the shell can do, those whose lines contain the filter, with each allocation failing
    /// in turn.
    FailAllocations(Option<String>),
    /// Measure the primitives.
    Bench,
    /// Measure the heap beside others, and what is written into new memory.
    BenchHeap,
    /// Break the machine on purpose, to see it report: see [`Fault`].
    Fault(Fault),
    /// Every form of every experiment, or of the one that is named, that fits this machine.
    Matrix(Option<String>),
    /// A shell on COM1, or the script that the machine was given.
    Shell,
}

/// The first words of a command line.
pub const COMMANDS: &[&str] =
    &["tour", "run", "explore", "replay", "test", "bench", "fault", "matrix", "shell"];

/// The word behind `test` that has allocations fail; for the lab it is an option.
pub const FAIL_ALLOCATIONS: &str = "fail-allocations";

impl Command {
    /// The command that `words` are; without a word it is the tour.
    pub(super) fn parse(words: &[String]) -> Result<Self, Usage> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [] | ["tour"] => Ok(Command::Tour),
            ["run", name] => Ok(Command::Run(name.to_string())),
            ["run"] => Err(Usage::new("run needs the name of an experiment: see list")),
            ["explore", name] => Ok(Command::Explore(name.to_string())),
            ["explore"] => Err(Usage::new("explore needs the name of an experiment: see list")),
            ["replay", string] => Ok(Command::Replay(string.to_string())),
            ["replay"] => Err(Usage::new("replay needs what explore says after again:")),
            ["test"] => Ok(Command::Test(None)),
            ["test", FAIL_ALLOCATIONS] => Ok(Command::FailAllocations(None)),
            ["test", FAIL_ALLOCATIONS, filter] => Ok(Command::FailAllocations(Some(filter.to_string()))),
            ["test", filter] => Ok(Command::Test(Some(filter.to_string()))),
            ["bench"] => Ok(Command::Bench),
            ["bench", "heap"] => Ok(Command::BenchHeap),
            ["fault", fault] => Ok(Command::Fault(fault.parse()?)),
            ["fault"] => Err(Usage::new(format!("fault needs a kind: {}", Fault::WORDS.join(", ")))),
            ["matrix"] => Ok(Command::Matrix(None)),
            ["matrix", name] => Ok(Command::Matrix(Some(name.to_string()))),
            ["shell"] => Ok(Command::Shell),
            ["tour" | "shell", extra, ..]
            | ["bench", "heap", extra, ..]
            | ["bench", extra, ..]
            | ["test", FAIL_ALLOCATIONS, _, extra, ..]
            | ["run" | "explore" | "replay" | "test" | "fault" | "matrix", _, extra, ..] => {
                Err(Self::unexpected(extra))
            }
            [word, ..] => Err(Usage::unknown("command", word, COMMANDS)),
        }
    }

    /// A word too many.
    pub fn unexpected(word: &str) -> Usage {
        Usage::new(format!("unexpected word '{word}'; options are written key=value"))
    }

    /// Its first word.
    pub fn word(&self) -> &'static str {
        match self {
            Command::Tour => "tour",
            Command::Run(_) => "run",
            Command::Explore(_) => "explore",
            Command::Replay(_) => "replay",
            Command::Test(_) | Command::FailAllocations(_) => "test",
            Command::Bench | Command::BenchHeap => "bench",
            Command::Fault(_) => "fault",
            Command::Matrix(_) => "matrix",
            Command::Shell => "shell",
        }
    }
}
