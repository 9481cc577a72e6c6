//! The races and mistakes that comments, experiments and documents cite by number: `R1`.
//!
//! A number is never given twice. There is no R17.
//!
//! | file | noun |
//! |---|---|
//! | `race` | [`Race`]: what happens, in which order, and how it is proved |
//! | `device` | R1 to R10: a scull device without its lock |
//! | `locks` | R14, R19 to R30: counters, locks, sleepers, lists |
//! | `driver` | the others: what remains in a driver that has its lock |
//! | `catalogue` | [`ALL`] and [`find`] |
//! | `page` | [`explain`] |

#![forbid(unsafe_code)]

mod catalogue;
mod device;
mod driver;
mod locks;
mod page;
mod race;

pub use catalogue::{ALL, find};
pub use page::explain;
pub use race::Race;
