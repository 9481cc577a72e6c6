//! The races and mistakes that comments, experiments and documents cite by number: `R1`.
//!
//! A number is never given twice. There is no R17.
//!
//! | file | noun |
//! |---|---|
//! | `race` | [`Race`]: what happens, in which order, and how it is proved; [`ALL`], [`find`], [`explain`] |
//! | `device` | R1 to R10: a scull device without its lock |
//! | `locks` | R14, R19 to R30: counters, locks, sleepers, lists |
//! | `driver` | the others: what remains in a driver that has its lock |

#![forbid(unsafe_code)]

mod device;
mod driver;
mod locks;
mod race;

pub use race::{ALL, Race, explain, find};
