//! The words of the command line, shared by the lab (`--key value`) and the kernel (`key=value`).
//!
//! | module | its part |
//! |---|---|
//! | `table` | THE table: a row for each key, of which everything else here and in the lab's `--help` is made |
//! | `key` | what a row says, and how the value of a key is read and written |
//! | `words` | the lists of words that a value is chosen from |
//! | `probe` | the modes of `probe=` |
//! | `command` | the words before the keys |
//! | `line` | a whole command line |
//! | `built` | how a kernel is built, as its file says it |
//! | `patience` | how long a machine has |
//! | `nearest` | the word that a mistaken one may have been meant for |
//! | `quoted` | a text as a word of a shell, to be typed again |
//! | `usage` | what is said of a mistake |
//!
//! [`CommandLine::parse`] reads a whole kernel command line. The lab checks each value with it, so a word
//! that one of them accepts is a word of the other.
#![forbid(unsafe_code)]

mod built;
mod command;
mod key;
mod line;
mod nearest;
mod patience;
mod probe;
mod quoted;
mod table;
mod usage;
mod words;

pub use built::{BUILT, built};
pub use command::{COMMANDS, Command, FAIL_ALLOCATIONS};
pub use key::{Key, MOST_LISTED, Otherwise, Scope, Values, find, is_among, keys};
pub use line::{CommandLine, LONGEST_COMMAND_LINE, heap_bytes, text};
pub use nearest::nearest;
pub use patience::time_to_search;
pub use probe::Probe;
pub use quoted::quoted;
pub use table::{BOOTING, MAX_CPUS, MAX_WRITERS, MachineSettings, RunSettings, SINGLE};
pub use usage::{Usage, bytes, number, size};
pub use words::{
    Accel, Acpi, Config, Door, Expect, Fault, Form, Input, MachineType, Object, Policy, Verdict, With,
};
