//! A line editor: bytes of a terminal in, bytes for it out, a line now and then.
//!
//! It asks the terminal nothing, so that it works as well where a file or a program types
//! (docs/decisions/0022). Keys are those of Emacs, as in most shells.
//!
//! - [`key`]: keys out of bytes.
//! - [`buffer`]: the line and its cursor.
//! - [`history`]: the lines before.
//! - [`editor`]: what each key does, and what the terminal is told.

pub mod buffer;
pub mod editor;
pub mod history;
pub mod key;

pub use editor::{Editor, Event};
