//! What happened: the stores to shared memory, by CPU, so that a report can say which of them lost a block.
//!
//! A [`Log`] has a ring for each CPU. The CPU alone writes it, with interrupts off: so no lock is taken and
//! no locked instruction executed, which would be a fence in the middle of what is studied, and a CPU never
//! waits for another one. Readers repeat what changed while they looked.
//!
//! | file | noun |
//! |---|---|
//! | `stored` | [`Stored`]: an entry |
//! | `ring` | one CPU's |
//! | `log` | [`Log`]: all of them, and since when they are complete |

mod log;
mod ring;
mod stored;
#[cfg(test)]
mod tests;

pub use log::Log;
pub use stored::{FREE, Stored};
