//! The exit status, and errors that carry one.

use std::fmt;

use kcore::settings::Usage;

/// How a command ended. The number is the exit status of `scullery` and of `qemu-run.sh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Everything as expected.
    Expected = 0,
    /// A verdict was not the expected one, or a report contradicts itself.
    Unexpected = 1,
    /// A word or a value that does not exist.
    Usage = 2,
    /// The kernel panicked or took a CPU exception.
    Panic = 3,
    /// The time limit ended the machine.
    TimeLimit = 4,
    /// The machine could not start or died without a verdict, or what it said could not be passed on.
    Dead = 5,
}

impl Status {
    /// Every status, with what it means.
    pub const ALL: &'static [(Status, &'static str)] = &[
        (Status::Expected, "as expected"),
        (Status::Unexpected, "a verdict that was not expected"),
        (Status::Usage, "a word, a value, a file or a machine that cannot be"),
        (Status::Panic, "kernel panic or CPU exception, other than in a task that dies alone"),
        (Status::TimeLimit, "time limit"),
        (
            Status::Dead,
            "the machine could not start or died without a word, or its report could not be written",
        ),
    ];

    /// All of them in a paragraph, for `--help`.
    pub fn explained() -> String {
        let meaning = |(status, meaning): &(Status, &str)| format!("{} {meaning}", *status as u8);
        let all: Vec<String> = Self::ALL.iter().map(meaning).collect();
        format!("Exit status: {}.", all.join("; "))
    }

    /// The status behind an exit code of `qemu-run.sh`; `None` (a signal) and numbers it never gives are
    /// [`Status::Dead`].
    pub fn from_code(code: Option<i32>) -> Self {
        match code {
            Some(0) => Status::Expected,
            Some(1) => Status::Unexpected,
            Some(2) => Status::Usage,
            Some(3) => Status::Panic,
            Some(4) => Status::TimeLimit,
            _ => Status::Dead,
        }
    }

    /// Whether the kernel ran to its end and gave a verdict.
    pub fn is_verdict(self) -> bool {
        matches!(self, Status::Expected | Status::Unexpected)
    }
}

/// A sentence for the user, and the status to leave with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit status.
    pub status: Status,
    /// The sentence.
    pub message: String,
}

impl Failure {
    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { status: Status::Usage, message: message.into() }
    }

    /// Something without which no machine can start.
    pub fn dead(message: impl Into<String>) -> Self {
        Failure { status: Status::Dead, message: message.into() }
    }

    /// No reader is left, so there is none to be told either. Whatever was to be found out was not.
    pub fn quiet() -> Self {
        Failure::dead("")
    }
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Self {
        Failure::usage(usage.message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
