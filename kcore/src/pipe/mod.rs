//! scullpipe, the pipe of LDD3 (chapter 6, "Blocking I/O"): a circular buffer, in which readers wait for
//! something to read and writers for room.
//!
//! ```text
//!   0        rp              wp       size
//!   +--------+===============+--------+       rp = wp: empty. One byte is never used,
//!   | room   | to be read    | room   |       or a full buffer would look like this, too.
//!   +--------+===============+--------+
//! ```
//!
//! A read and a write go at most to the end of the buffer, and the next one begins at its start: short counts
//! are normal. The buffer is there while a task has the pipe open; its size is the module's
//! [`pipe_buffer`](crate::scull::Parameters::pipe_buffer). There is one lock, a mutex, which no task keeps
//! while it sleeps.
//!
//! # Editions
//! | | as the book prints it | repaired |
//! |---|---|---|
//! | a waiter that is woken | goes on (R16: `if`) | looks again, with the lock (`while`) |
//! | each open | sets the bounds of the buffer, which it keeps (R18) | the first one does |
//! | a write wakes | all readers | one, which wakes the next if it leaves something |
//!
//! A waiter that was woken and leaves without having used it (a signal came while it slept for the lock)
//! wakes the next one: else the data is there, and all readers that could take it sleep.
//!
//! A buffer knows how long it really is: what goes past its end is counted ([`Damage`]) and goes nowhere.
//!
//! Not as in the book: a buffer of less than two bytes, in which nothing has room, is `-EINVAL` when the pipe
//! is opened.

mod buffer;
mod device;
mod file;
mod ring;
pub mod sites;
mod snapshot;

pub use buffer::Damage;
pub use device::{PIPES, Pipe};
pub use ring::Ring;
pub use snapshot::{Snapshot, text};
