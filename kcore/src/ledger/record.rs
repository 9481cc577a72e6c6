//! What is known of one block.
#![forbid(unsafe_code)]

use crate::machine::{CpuId, Kind, TaskId};
use crate::place::Place;

/// Return addresses kept for each allocation.
pub const BACKTRACE: usize = 8;

/// What is known when a block is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Where the block starts; never 0.
    pub address: usize,
    /// Its size in bytes, as it was asked for.
    pub size: usize,
    /// What it is used for.
    pub kind: Kind,
    /// It is a library's, which keeps it for ever: a search for leaks neither reads nor reports it.
    pub kept: bool,
    /// The CPU that asked.
    pub cpu: CpuId,
    /// The task that asked.
    pub task: TaskId,
    /// When, on the asking CPU's clock.
    pub cycles: u64,
    /// The line that asked.
    pub allocated_at: Place,
    /// Return addresses, innermost first; 0 ends the list.
    pub backtrace: [usize; BACKTRACE],
}

/// Whether a block is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Live,
    /// It was freed and is kept from being handed out again.
    Freed {
        /// The serial number of the next block when that happened: the ledger's own time.
        before: u64,
    },
}

/// One block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was known when it was handed out.
    pub allocation: Allocation,
    /// The how-manieth allocation it was, from 1. Never used twice.
    pub serial: u64,
    /// Live or in quarantine.
    pub state: State,
    /// How often it was freed after that.
    pub freed_again: u32,
    /// The pass of marking that last reached it; 0 for none.
    pub(super) marked_in: u32,
}

impl Record {
    /// Whether the block is in use.
    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Whether it was freed before the block with number `serial` was allocated.
    pub fn was_freed_before(&self, serial: u64) -> bool {
        matches!(self.state, State::Freed { before } if before < serial)
    }

    /// The return addresses without the unused rest.
    pub fn backtrace(&self) -> &[usize] {
        let all = &self.allocation.backtrace;
        let end = all.iter().position(|&address| address == 0).unwrap_or(all.len());
        &all[..end]
    }
}
