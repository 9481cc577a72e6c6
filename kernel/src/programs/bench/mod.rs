//! Measures the primitives, beside their peers, in one run.
//!
//! - `program`: what is measured, and the lines that are printed.
//! - `contest`: contestants that take turns, and their medians.
//! - `locks`: the locks that spin, and the peers of [`spin`].
//! - `sleepers`: the locks that sleep.
//! - `words`: what needs no lock: counters, bits, rings; and what is switched off beside a lock.
//! - `events`: what involves other tasks, other CPUs, or interrupts.
//! - `heap`: the heap, and others behind a lock; and writes into new memory.

mod contest;
mod events;
mod heap;
mod locks;
mod program;
mod sleepers;
mod words;

pub(super) use heap::main as heap;
pub(super) use program::main;
