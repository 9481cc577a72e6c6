//! Processes: a task with a user, a directory, open files and memory of its own, and the system calls that it
//! makes.
//!
//! Programs are functions of the kernel, so a system call is a function call. In all that a driver can tell
//! it is a real one: it is made by a task that has credentials, it may sleep, a signal ends it, and then so
//! does the program.
//!
//! | file | noun |
//! |---|---|
//! | [`process`] | [`Process`]: the state of one, and its system calls |
//! | [`fate`] | [`Fate`]: what ends one |
//! | [`group`] | [`Group`]: tasks that are signalled together |
//! | `system` | the calls that tools make |
//! | [`table`] | all of them, for `ps` and `kill` |
//! | [`trace`] | its calls, for `strace` |
//! | [`pipe`] | a pipe between two |
//! | [`draft`] | [`Draft`]: what was written, and goes where it belongs later |
//! | [`null`] | what a program reads that reads nothing |
//! | [`output`] | where the kernel's own lines go that a program has it print |

pub mod draft;
pub mod fate;
pub mod group;
pub mod null;
pub mod output;
pub mod pipe;
#[expect(clippy::module_inception, reason = "the noun of the file is the noun of the module")]
pub mod process;
mod system;
pub mod table;
pub mod trace;

pub use draft::Draft;
pub use fate::Fate;
pub use group::Group;
pub use process::Process;
