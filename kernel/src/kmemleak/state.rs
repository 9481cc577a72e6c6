//! What was found last, and what the control words have set.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::class;
use kcore::errno::Errno;
use kcore::leak::{Block, Blocks, Entry, Held, Hidden};
use kcore::ledger::Record;
use kcore::machine::Kind;
use kcore::sync::{Mutex, MutexGuard, Own};

use crate::machine::Kernel;
use crate::mm::{heap, stacks};
use crate::observe::run;
use crate::task::{name_of, shortage, table};

use super::roots::Roots;
use super::scan::{self, Failure, Found, Order};
use kcore::sort;

/// Blocks on the way from a root that are named.
const HOLDERS: usize = 8;

/// All of it.
pub(super) struct State {
    /// The blocks, as the last search left them. [`None`] before the first.
    blocks: Option<Blocks<'static>>,
    /// How many there is room for.
    room: usize,
    /// What that search found.
    pub(super) found: Option<Found>,
    /// The serial numbers, in their order, of the blocks that were cleared.
    told: Vec<u64>,
    /// Whether stacks and registers are searched (`stack=on`).
    pub(super) roots: Roots,
    /// Whether it was switched off.
    pub(super) off: bool,
}

/// Lock order: this -> heap.lock.
static STATE: Mutex<State, Kernel> = Mutex::new(
    Own(class!("kmemleak", "In a search other CPUs stand still, with any lock in hand.")),
    State { blocks: None, room: 0, found: None, told: Vec::new(), roots: Roots::ALL, off: false },
);

/// The state, for one task at a time.
#[track_caller]
pub(super) fn lock() -> MutexGuard<'static, State, Kernel> {
    STATE.lock()
}

/// Whether no task has it.
pub(crate) fn is_free() -> bool {
    STATE.try_lock().is_some()
}

impl From<Failure> for Errno {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoMemory => Errno::ENOMEM,
            Failure::Silent(_) => Errno::EBUSY,
        }
    }
}

impl State {
    /// Searches from `roots`, and from the words at `named`; what lies in blocks that start at one of
    /// `ignored` does not count.
    pub(super) fn search(
        &mut self,
        roots: Roots,
        named: &[usize],
        ignored: &[usize],
    ) -> Result<Found, Failure> {
        // More than the last tables had room for, since the ledger has grown: if there is no memory for that,
        // they may do all the same.
        let records = scan::records();
        if records > self.room
            && let Some(blocks) = scan::tables(2 * records)
        {
            (self.blocks, self.room) = (Some(blocks), 2 * records);
        }
        let blocks = self.blocks.as_mut().ok_or(Failure::NoMemory)?;
        let found = scan::scan(blocks, &Order { roots, named, told: &self.told, ignored })?;
        self.found = Some(found);
        Ok(found)
    }

    /// The blocks that the last search found unreferenced and that are still there.
    pub(super) fn unreferenced(&self) -> impl Iterator<Item = Record> {
        self.blocks.iter().flat_map(|blocks| blocks.unreferenced()).filter_map(still_there)
    }

    /// Which word leads to the block that has `address` in it, as the last search found it, and where that
    /// word is: a line of the report, and one more for each block on the way there from a root.
    pub(super) fn holders(&self, mut address: usize) -> String {
        let mut lines = String::new();
        let Some(blocks) = &self.blocks else { return lines };
        for _ in 0..HOLDERS {
            let Some(place) = blocks.find(address) else { break };
            let entry = blocks.entries()[place];
            let Some(place) = blocks.find(entry.by) else {
                lines += &match entry.held {
                    Held::Nowhere => String::from("  nothing leads to it\n"),
                    Held::Data => format!("  held by the variable at {:#018x}\n", entry.by),
                    Held::Stack => {
                        format!("  held by the stack or register at {:#018x}{}\n", entry.by, whose(entry.by))
                    }
                    Held::Told => String::from("  not reported: it was cleared\n"),
                };
                break;
            };
            let holder = blocks.entries()[place].block;
            lines += &format!("  held by the word at {:#018x}, in object {:#018x}", entry.by, holder.start);
            let record = heap::lookup(holder.start);
            lines += &record.map_or(String::new(), |record| {
                format!(" of {} bytes, from {:x?}", record.allocation.size, record.backtrace())
            });
            lines.push('\n');
            address = holder.start;
        }
        lines
    }

    /// Calls `each` with every block of a scull kind since serial number `since`, and whether it is marked in
    /// the ledger.
    fn compare(&self, since: u64, mut each: impl FnMut(bool, &Entry)) {
        let blocks = self.blocks.iter().flat_map(|blocks| blocks.entries());
        for entry in blocks.filter(|entry| entry.block.serial >= since && entry.block.kind != Kind::Other) {
            let is_marked = heap::with_ledger(|ledger| {
                ledger.lookup(entry.block.start).is_some_and(|record| ledger.is_marked(record))
            });
            each(is_marked, entry);
        }
    }

    /// Those are reported no more.
    pub(super) fn clear(&mut self) -> Result<(), Errno> {
        let more = self.unreferenced().count();
        let mut told = shortage::with_room_for(self.told.len() + more)?;
        told.extend(&self.told);
        told.extend(self.unreferenced().map(|record| record.serial));
        sort::any(&mut told, |a, b| a < b);
        self.told = told;
        self.forget();
        Ok(())
    }

    /// Nothing was found.
    pub(super) fn forget(&mut self) {
        self.found = None;
        if let Some(blocks) = &mut self.blocks {
            let nothing = blocks.gather(heap::extent().start, &|_| {});
            assert!(nothing.is_ok(), "nothing fits into every table");
        }
    }
}

/// On whose stack the word at `address` is. Nothing for a task that has ended since.
fn whose(address: usize) -> String {
    let address = address as u64;
    match (stacks::top_of(address), table::owner_of(address)) {
        (Some(top), Some(task)) => {
            let name = name_of(task);
            format!(", {} bytes below the top of the stack of {name} (task {})", top - address, task.0)
        }
        (Some(_), None) if stacks::is_for_faults(address) => {
            String::from(", saved by a non-maskable interrupt")
        }
        _ => String::new(),
    }
}

/// The record of a block that was live when it was searched, if it lives.
fn still_there(block: &Block) -> Option<Record> {
    let record = heap::lookup(block.start)?;
    (record.serial == block.serial && record.is_live()).then_some(record)
}

/// Switches kmemleak on: stores are traced from now on, so that a leak is reported with the task that dropped
/// it.
pub fn enable() {
    lock().off = false;
    run::trace(true);
}

/// Searches from `roots` and says what was found. For a caller that wants the numbers and no report.
pub fn search(roots: Roots) -> Result<Found, Failure> {
    lock().search(roots, &[], &[])
}

/// Which words lead to the block that has `address` in it, as the last search found them: a line for each on
/// the way from a root.
pub fn holders(address: usize) -> String {
    lock().holders(address)
}

/// The first of `blocks` that the last search did not find lost, and the words that lead to it, as in
/// [`holders`]. [`None`] if all are.
pub fn missed(blocks: &[Hidden]) -> Option<String> {
    let state = lock();
    let known = state.blocks.as_ref()?;
    let is_lost =
        |address| known.find(address).is_some_and(|place| known.entries()[place].held == Held::Nowhere);
    let address = blocks.iter().map(|block| block.address()).find(|&address| !is_lost(address))?;
    Some(format!("object {address:#018x}\n{}", state.holders(address)))
}

/// How a walk, whose marks are in the ledger, and two searches agree on the live blocks of the scull kinds.
///
/// The first search begins with the links that the walk began with, and nothing else. It reads nothing but
/// links, so no stale word can mislead it: it must come to the same blocks as the walk, neither more nor
/// fewer. The second one is what kmemleak does at the prompt: it begins with everything, knows no device, and
/// takes every word for an address. It must reach what the walk reaches; what it reaches besides is named by
/// some word that no code will use again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Blocks on which all three do.
    pub same: u64,
    /// Blocks that the walk has reached, and links have not.
    pub only_walked: u64,
    /// Blocks that links lead to, and that the walk has not reached.
    pub only_linked: u64,
    /// Blocks that the walk has reached, and that kmemleak would report.
    pub invented: u64,
    /// Blocks that are lost, and that kmemleak would not report: no contradiction, but luck.
    pub hidden: u64,
    /// The first of these; 0 when there is none.
    pub hides: usize,
}

impl Agreement {
    /// Whether nothing contradicts anything.
    pub fn is_whole(&self) -> bool {
        self.only_walked + self.only_linked + self.invented == 0
    }
}

/// Searches twice, and compares the results with the marks of the ledger's pass under way, for the blocks
/// since serial number `since`. The walk began with the links at `links`. What lies in blocks that start at
/// one of `ignored` does not count.
pub fn agreement(since: u64, links: &[usize], ignored: &[usize]) -> Result<Agreement, Failure> {
    let mut state = lock();
    let mut agreement = Agreement::default();
    state.search(Roots::NAMED, links, ignored)?;
    state.compare(since, |is_walked, entry| match (is_walked, entry.held != Held::Nowhere) {
        (true, false) => agreement.only_walked += 1,
        (false, true) => agreement.only_linked += 1,
        _ => {}
    });
    state.search(Roots::ALL, &[], ignored)?;
    state.compare(since, |is_walked, entry| match (is_walked, entry.held != Held::Nowhere) {
        (true, false) => agreement.invented += 1,
        (false, true) => {
            agreement.hidden += 1;
            agreement.hides = entry.block.start;
        }
        _ => agreement.same += 1,
    });
    Ok(agreement)
}
