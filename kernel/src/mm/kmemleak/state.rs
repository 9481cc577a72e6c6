//! What was found last, and what the control words have set.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::leak::{Block, Blocks, Held};
use kcore::ledger::Record;
use kcore::machine::Kind;
use kcore::sync::{Mutex, MutexGuard};

use crate::hooks;
use crate::machine::Kernel;
use crate::mm::heap;

use super::roots::Roots;
use super::scan::{self, Failure, Found, Order};
use super::tables;

/// Blocks on the way from a root that are named.
const HOLDERS: usize = 8;

/// All of it.
pub(super) struct State {
    /// The blocks, as the last search left them. [`None`] before the first.
    blocks: Option<Blocks<'static>>,
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
static STATE: Mutex<State, Kernel> =
    Mutex::new(State { blocks: None, found: None, told: Vec::new(), roots: Roots::ALL, off: false });

/// The state, for one task at a time.
pub(super) fn lock() -> MutexGuard<'static, State, Kernel> {
    STATE.lock()
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
    /// Searches from `roots`; what lies in blocks that start at one of `ignored` does not count.
    pub(super) fn search(&mut self, roots: Roots, ignored: &[usize]) -> Result<Found, Failure> {
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            none => none.insert(tables::tables().ok_or(Failure::NoMemory)?),
        };
        let found = scan::scan(blocks, &Order { roots, told: &self.told, ignored })?;
        self.found = Some(found);
        Ok(found)
    }

    /// The blocks that the last search found unreferenced and that are still there.
    pub(super) fn unreferenced(&self) -> impl Iterator<Item = Record> {
        self.blocks.iter().flat_map(|blocks| blocks.unreferenced()).filter_map(still_there)
    }

    /// Which word leads to the block that has `address` in it, as the last search found it, and where that word is: a line
    /// of the report, and one more for each block on the way there from a root.
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
                    Held::Stack => format!("  held by the stack or register at {:#018x}\n", entry.by),
                    Held::Told => String::from("  not reported: it was cleared\n"),
                };
                break;
            };
            let holder = blocks.entries()[place].block;
            lines += &format!("  held by the word at {:#018x}, in object {:#018x}\n", entry.by, holder.start);
            address = holder.start;
        }
        lines
    }

    /// Those are reported no more.
    pub(super) fn clear(&mut self) -> Result<(), Errno> {
        let more = self.unreferenced().count();
        let mut told = Vec::new();
        told.try_reserve_exact(self.told.len() + more).map_err(|_| Errno::ENOMEM)?;
        told.extend(&self.told);
        told.extend(self.unreferenced().map(|record| record.serial));
        told.sort_unstable();
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

/// The record of a block that was live when it was searched, if it lives.
fn still_there(block: &Block) -> Option<Record> {
    let record = heap::with_ledger(|ledger| ledger.lookup(block.start).copied())?;
    (record.serial == block.serial && record.is_live()).then_some(record)
}

/// Switches kmemleak on: stores are traced from now on, so that a leak is reported with who dropped it.
pub fn enable() {
    lock().off = false;
    hooks::trace(true);
}

/// Searches from `roots` and says what was found. For whoever wants the numbers and no report.
pub fn search(roots: Roots) -> Result<Found, Failure> {
    lock().search(roots, &[])
}

/// Which words lead to the block that has `address` in it, as the last search found them: a line for each on the way from a
/// root.
pub fn holders(address: usize) -> String {
    lock().holders(address)
}

/// How the ledger's marks and a search agree on the live blocks of the scull kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Blocks on which they do.
    pub same: u64,
    /// Blocks that are marked and that the search calls leaked.
    pub only_marked: u64,
    /// Blocks that are not marked and that the search has reached.
    pub only_reached: u64,
    /// Where the first reference to the first of these is; 0 when there is none.
    pub reference: usize,
}

impl Agreement {
    /// Whether they agree on all.
    pub fn is_whole(&self) -> bool {
        self.only_marked + self.only_reached == 0
    }
}

/// Searches, and compares the result with the marks of the ledger's pass under way, for the blocks since serial number
/// `since`. What lies in blocks that start at one of `ignored` does not count.
pub fn agreement(since: u64, ignored: &[usize]) -> Result<Agreement, Failure> {
    let mut state = lock();
    state.search(Roots::ALL, ignored)?;
    let mut agreement = Agreement::default();
    let blocks = state.blocks.iter().flat_map(|blocks| blocks.entries());
    for entry in blocks.filter(|entry| entry.block.serial >= since && entry.block.kind != Kind::Other) {
        let is_marked = heap::with_ledger(|ledger| {
            ledger.lookup(entry.block.start).is_some_and(|record| ledger.is_marked(record))
        });
        match (is_marked, entry.held != Held::Nowhere) {
            (true, false) => agreement.only_marked += 1,
            (false, true) => {
                agreement.only_reached += 1;
                if agreement.only_reached == 1 {
                    agreement.reference = entry.by;
                }
            }
            _ => agreement.same += 1,
        }
    }
    Ok(agreement)
}
