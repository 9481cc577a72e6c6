//! The terminal on COM1: which task is interrupted from there, and what programs read and write.
//!
//! ```text
//!   interrupt ──► [input]: bytes ──► [foreground]: Ctrl-C is a signal
//!                          │
//!                          ├────► the shell's line editor, at the prompt      (raw)
//!                          └────► [file]: lines, echoed, for programs         (canonical)
//!   [file], println! ──► console::screen ──► com1
//! ```
//!
//! What is typed ahead is echoed when a task reads it: once, and where it belongs.

pub mod file;
pub mod foreground;
pub mod input;
