//! One run: who may go on, who waits for whom, what is wrong.
//!
//! A [`Session`] is pure. A machine keeps one behind a lock, tells it every [`Event`](crate::event::Event) of
//! the run, and does what the [`Answer`] says: the actor goes on, or waits, or an interrupt comes; these
//! participants are woken; the tasks are given up. The kernel has one, and so has each run on a machine of
//! threads: both force interleavings and name deadlocks by the same code, and have of their own what only
//! they can do: put to sleep, halt in place, interrupt, give up.

#![forbid(unsafe_code)]

mod crew;
mod events;
mod finding;

pub use crew::Crew;
pub use events::{Answer, Session, Standing};
pub use finding::{Finding, Slept};
