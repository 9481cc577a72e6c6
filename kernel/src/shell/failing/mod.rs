//! `test fail-allocations`: everything that the shell can do, with each allocation failing in turn.
//!
//! | file | noun |
//! |---|---|
//! | `program` | the test: what is tried, and what has to hold afterwards |
//! | `lines` | the lines that are tried |
//! | `capture` | what they print |

mod capture;
mod lines;
mod program;

pub use program::main;
