//! Which blocks were lost, and by which store.

use alloc::format;
use alloc::string::{String, ToString};

use kcore::experiment::Resolved;
use kcore::leak::{Doubt, Fate, Provenance};
use kcore::ledger::Record;
use kcore::machine::TaskId;
use kcore::report::{Leak, Store, place};

use crate::kmemleak::{self, Agreement};
use crate::mm::heap;
use crate::observe::CREW;
use crate::observe::log::{self, Stored};
use crate::task::{Name, name_of};

use super::crew;

/// Bytes of a lost block that are shown.
pub const FIRST_BYTES: usize = 32;

/// A block that is alive and that nothing leads to.
#[derive(Clone, Debug)]
pub struct Lost {
    /// What the ledger knows of it.
    pub record: Record,
    /// The task that allocated it.
    pub task: Name,
    /// Its first bytes.
    pub first_bytes: [u8; FIRST_BYTES],
    /// The store that published it, and whose it was. `None` when the log does not have it.
    pub stored: Option<(Stored, Name)>,
    /// The store that took its last reference away.
    pub overwritten: Option<(Stored, Name)>,
    /// The free that took it away.
    pub freed: Option<(Stored, Name)>,
    /// Why the log cannot tell. If there is none of the three, the reference is still there, in a block that
    /// is lost itself.
    pub doubt: Option<Doubt>,
}

impl Lost {
    /// Describes a lost block of `ledger` while it still exists. Allocates nothing: the heap may be full.
    pub fn describe(record: &Record, ledger: &heap::Ledgers<'_>, resolved: &Resolved) -> Lost {
        let address = record.allocation.address;
        let found = Provenance::find(&log::Log(ledger), address, record.allocation.cycles);
        let named = |stored: Stored| (stored, name(stored.actor.task, resolved));
        let mut lost = Lost {
            record: *record,
            task: name(record.allocation.task, resolved),
            first_bytes: heap::first_bytes(record),
            stored: found.map(|found| named(found.published)),
            overwritten: None,
            freed: None,
            doubt: None,
        };
        match found.map(|found| found.fate) {
            Some(Fate::Overwritten(end)) => lost.overwritten = Some(named(end)),
            Some(Fate::Freed(end)) => lost.freed = Some(named(end)),
            Some(Fate::Unknown(doubt)) => lost.doubt = Some(doubt),
            Some(Fate::Held) | None => {}
        }
        lost
    }

    /// As a line of JSON.
    pub fn report(&self) -> Leak {
        let allocation = &self.record.allocation;
        let shown = FIRST_BYTES.min(allocation.size);
        Leak {
            address: allocation.address as u64,
            size: allocation.size as u64,
            kind: allocation.kind.to_string(),
            cpu: allocation.cpu.0,
            task: self.task.to_string(),
            serial: self.record.serial,
            cycles: allocation.cycles,
            first_bytes: self.first_bytes[..shown].to_vec(),
            backtrace: self.record.backtrace().iter().map(|&address| address as u64).collect(),
            allocated_at: place(allocation.allocated_at),
            stored: self.stored.as_ref().map(store),
            overwritten: self.overwritten.as_ref().map(store),
            freed: self.freed.as_ref().map(store),
            doubt: self.doubt.map(|doubt| doubt.to_string()),
        }
    }
}

fn store((stored, task): &(Stored, Name)) -> Store {
    Store {
        task: task.to_string(),
        cpu: stored.cpu.0,
        site: stored.site.name.to_string(),
        at: place(stored.at),
        cycles: stored.cycles,
    }
}

/// The name of a task of this round, which has ended, or of one that lives.
pub(super) fn name(task: TaskId, resolved: &Resolved) -> Name {
    match CREW.was(task) {
        Some(who) => crew::name(who, resolved),
        None => name_of(task),
    }
}

/// How many of them there were in all rounds, and what hid the first. That is luck, and no verdict depends on
/// it.
#[derive(Default)]
pub(super) struct Hidden {
    blocks: u64,
    by: String,
}

impl Hidden {
    /// Adds those of a round, of which the search was the last one.
    pub(super) fn add(&mut self, agreement: &Agreement) {
        if agreement.hidden > 0 && self.blocks == 0 {
            self.by = kmemleak::holders(agreement.hides);
        }
        self.blocks += agreement.hidden;
    }

    /// A line about them, and more about what hid the first; nothing when there were none.
    pub(super) fn note(&self) -> Option<String> {
        let Hidden { blocks, by } = self;
        let text = || {
            format!(
                "lost blocks that are still named by a stale word: {blocks}; one of them\n{}",
                by.trim_end()
            )
        };
        (*blocks > 0).then(text)
    }
}
