//! The proof: whole machines, booted headless and judged from outside.
//!
//! One machine is one named test. What is demanded of it is exact: the exit status of `qemu-run.sh`, what it
//! says on COM1, what it reports on COM2, and that it ends within its time limit. Nothing is tried twice and
//! no verdict rests on a time or on which task came first.
//!
//! - [`case`]: a kernel with a command line, and what must come of it.
//! - [`program`]: `cargo run -- ...` as a user types it, and what must come of it.
//! - [`transcript`]: what a document shows of a terminal, held against what the program says.
//! - [`ensure`]: assertions that are answers, so that a failed one can be shown with all that the machine
//!   said.
#![forbid(unsafe_code)]

pub mod case;
pub mod ensure;
pub mod program;
pub mod transcript;

pub use case::Case;
pub use program::Program;
