//! The shell's language, its completion and its line editor: all of it that needs no machine.
//!
//! ```text
//!   bytes typed ──► [edit] ──► text ──► [token], [word] ──► [parse] ──► [tree] ──► [interpret] ──► a System runs
//!                     ▲ [complete]                                       │ ▲                       commands
//!                                                               [expand] ┘ └ [state]
//! ```
//!
//! The language is that of the POSIX shell (XCU ch. 2) without functions, `case` and here-documents, and with
//! `time` before a pipeline. What it has not is a [`SyntaxError`], before any of the script runs.
//!
//! - [`parse`](fn@parse): a text becomes a [`tree`].
//! - [`interpret`]: the tree is walked; what needs a machine is done by a [`System`].
//! - [`state`]: variables and arguments; `builtin`: the commands that change them; [`mod@test`]: `[`.
//! - [`width`]: how wide the terminal is.
//! - `expand`: what words become; `arithmetic`, `pattern`: what is in them.
#![forbid(unsafe_code)]

mod arithmetic;
pub mod builtin;
pub mod canonical;
pub mod complete;
pub mod edit;
mod expand;
pub mod interpret;
pub mod parse;
mod pattern;
pub mod state;
pub mod stream;
pub mod test;
pub mod token;
pub mod tree;
pub mod width;
mod word;

pub use complete::{Completion, Names, complete};
pub use interpret::{Call, Goal, System};
pub use parse::parse;
pub use state::State;
pub use token::SyntaxError;
