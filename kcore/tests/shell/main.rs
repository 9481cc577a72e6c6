//! The shell's grammar, completion and editor.

mod complete;
mod edit;
mod grammar;
mod random;
