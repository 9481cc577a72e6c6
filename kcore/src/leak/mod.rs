//! Leaks, exactly: what no code can reach any more.
//!
//! The world stands still. Every word of every root is read, then every word of every block that was found
//! so, and so on until nothing new is found. A block that was not found cannot be used again: no address of
//! it is left anywhere.
//!
//! - [`Block`], [`Policy`]: a block of the heap, and which of its words can be addresses.
//! - [`Blocks`]: all live blocks by address; which of them has this address in it, in constant time.
//! - [`Marking`]: the search, over a [`Memory`].
//! - [`Hidden`]: an address that the search does not take for one.
//! - [`Provenance`]: from a log of stores, the one that published a block and what dropped it, or that
//!   nothing says which.
//!
//! Nothing here allocates or recurses: the tables are handed in, and the blocks that are still to be searched
//! are linked through their entries.
#![forbid(unsafe_code)]

mod block;
mod blocks;
mod hidden;
mod marking;
mod provenance;

pub use block::{Block, Held, Policy};
pub use blocks::{Blocks, Entry, GRANULE, Source, TooMany, groups_for};
pub use hidden::Hidden;
pub use marking::{Marking, Memory};
pub use provenance::{Doubt, Event, Fate, Provenance, Span, StoreLog, Trace};

#[cfg(test)]
mod tests;
