//! The shell's grammar, its completion and its line editor: all of it that needs no machine.
//!
//! ```text
//!   bytes typed ──► [edit] ──► a line ──► [token] ──► [parse] ──► [tree] ──► kernel/src/shell runs it
//!                     ▲ [complete]
//! ```
//!
//! The grammar is the part of the POSIX shell's (XCU ch. 2) that an afternoon with a driver needs: words with
//! quotes, pipelines, redirections, `;`, `&`, `&&`, `||`, `$?`, comments, and `time` before a pipeline.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod complete;
pub mod edit;
pub mod parse;
pub mod stream;
pub mod token;
pub mod tree;

pub use complete::{Completion, Names, complete};
pub use parse::parse;
pub use token::SyntaxError;
