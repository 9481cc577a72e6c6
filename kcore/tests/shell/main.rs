//! The shell's language, completion and editor.

mod complete;
mod differential;
mod edit;
mod grammar;
mod language;
mod model;
mod random;
