//! The account of every kmalloc, kept outside the blocks themselves.
//!
//! A [`Ledger`] holds one [`Record`] for each block: where, how big, what for, which task asked, when, from
//! which line, by which path, and whether it was freed since. Because nothing is stored in or beside the
//! block, a race that scribbles over memory cannot falsify the evidence, and because a freed block can keep
//! its record (quarantine), a double free is recognised as what it is.
//!
//! The records live in memory that is handed in, since the kernel keeps this account before it has a heap.
//! They stand in a list in the order of their serial numbers, so an experiment that remembers the serial at
//! its start ([`Ledger::next_serial`]) pays only for the blocks that came after it. An open-addressing
//! [`Index`] leads from an address to its record. When all are in use, a ledger can go over to more memory
//! ([`Ledger::move_to`]).
//!
//! A heap that many CPUs use has several, by address, each under a lock of its own; [`Ledgers`] is all of
//! them, as one account with one sequence of serial numbers.
//!
//! ```text
//! index (by address)          pool (records, linked by age)
//! +---------+----+            0: serial 17 <-+
//! | 0x15e60 |  1 |----------> 1: serial 19   | older / newer
//! +---------+----+            2: (free)      |
//! | 0x15fa0 |  0 |----------> ...            |
//! ```
//!
//! # Reachability
//! [`Ledgers::begin_marking`], [`Ledger::mark`] for each block that can be reached, then
//! [`Ledgers::unmarked_since`] is what leaked. The walk of a device knows the start of each block. A
//! conservative scan (kmemleak's) also meets pointers into the middle of a block; it would first copy the
//! live records' bounds into an array sorted by address, once a scan, and then find the candidate by binary
//! search. The index by exact address neither helps nor hinders that.

mod account;
mod counts;
mod index;
mod ledgers;
mod pool;
mod record;
mod region;

pub use account::{Clock, Freed, Ledger, Manner, Refused};
pub use counts::{PerKind, Snapshot};
pub use index::{Index, Slot};
pub use ledgers::Ledgers;
pub use pool::Entry;
pub use record::{Allocation, BACKTRACE, Record, State};

#[cfg(test)]
mod tests;
