//! What ends a process before its program is through.

use kcore::errno::Errno;

use crate::task::Signal;

/// Why a process ends; it says nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fate {
    /// Ctrl-C (SIGINT).
    Interrupted = 1,
    /// It was killed (SIGKILL).
    Killed,
    /// It wrote to a pipe that no process reads (SIGPIPE).
    NobodyReads,
}

/// What a task ends with whose driver has oopsed, as the shell's `$?` has it (SIGSEGV).
pub const OOPSED: i32 = 139;

impl Fate {
    /// The fate of a number that is one's.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Fate::Interrupted, Fate::Killed, Fate::NobodyReads].into_iter().find(|fate| *fate as u8 == number)
    }

    /// The signal that it is.
    pub fn signal(self) -> &'static str {
        match self {
            Fate::Interrupted => "SIGINT",
            Fate::Killed => "SIGKILL",
            Fate::NobodyReads => "SIGPIPE",
        }
    }

    /// What the shell's `$?` has: 128 and the number of the signal.
    pub fn status(self) -> i32 {
        match self {
            Fate::Interrupted => Signal::Interrupt.status(),
            Fate::Killed => Signal::Kill.status(),
            Fate::NobodyReads => 141,
        }
    }
}

/// What a task ended with, as `$?` has it: programs end with 0 to 255, what else ends a task with a negative
/// number.
pub fn status_of(code: i32) -> i32 {
    if (0..=255).contains(&code) { code } else { OOPSED }
}

/// The words for what a task ended with, where there are any.
pub fn words(status: i32) -> Option<&'static str> {
    match status {
        137 => Some("Killed"),
        OOPSED => Some("Oops"),
        _ => None,
    }
}

/// Whether a call ended because its process does.
pub fn is_end(errno: Errno) -> bool {
    errno == Errno::EINTR
}
