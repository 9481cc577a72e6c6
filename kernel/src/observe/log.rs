//! The log of stores to shared memory: from it reports learn which store dropped the last reference to a
//! block.
//!
//! In an experiment it has what the run stores in a round, as far as there is room; elsewhere, while kmemleak
//! is on, the last stores of each CPU.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::event::{Outcome, Ticket, What};
use kcore::leak::StoreLog;
use kcore::ledger::Record;
use kcore::machine::Cpu;
use kcore::place::Place;
pub use kcore::record::{FREE, Stored};

use crate::arch::smp;
use crate::machine::Kernel;
use crate::mm::{heap, stacks};
use crate::param::{MAX_CPUS, STORES_TRACED};
use crate::task::shortage;
use crate::{layout, task};

use super::participant;

static LOG: kcore::record::Log<MAX_CPUS> = kcore::record::Log::new();

/// The log takes at most one in so many of the bytes of the heap.
const PART: usize = 8;
/// Stores of each CPU that are worth their room: where there are fewer, the heap is small, and others need
/// that.
const FEWEST: usize = 64;

/// Begins a log: what was there before is forgotten. Full rings forget their oldest store if they `wrap`,
/// else the newest. Returns how many stores of each CPU there is room for: [`STORES_TRACED`], or fewer on a
/// machine with little memory.
pub(crate) fn begin(wraps: bool) -> usize {
    let cpus = smp::cpus() as usize;
    let most = heap::room().size() / PART / cpus / size_of::<Stored>();
    let each = if most < FEWEST { 0 } else { STORES_TRACED.min(most) };
    let room = shortage::without(|| LOG.make_room(cpus, each));
    LOG.begin_era(Kernel::cycles(), wraps);
    room
}

/// How many rings have room.
pub fn rings() -> u64 {
    LOG.rings() as u64
}

/// Ends the log.
pub(crate) fn end() {
    LOG.end_era();
}

/// Takes note of what the caller is about to do, if it stores anything.
pub(crate) fn note(what: &What, at: Place) -> Ticket {
    let actor = participant::actor();
    let Some(mut stored) = Stored::by(what, at, actor) else { return Ticket::default() };
    stored.held = innermost();
    let were_on = Kernel::irq_save();
    (stored.cpu, stored.cycles) = (Kernel::cpu(), Kernel::cycles());
    let ticket = LOG.begin(&stored);
    Kernel::irq_restore(were_on);
    ticket
}

/// The two locks that the running task has taken last and still holds, the last one first; empty names for
/// none.
fn innermost() -> [&'static str; 2] {
    let mut names = task::schedule::this_task().held.observed().map(|lock| lock.name);
    [names.next().unwrap_or_default(), names.next().unwrap_or_default()]
}

/// Takes note that it has done so, and what that came to, if it was [noted](note).
pub(crate) fn finish(ticket: Ticket, outcome: Outcome) {
    if ticket == Ticket::default() {
        return;
    }
    let were_on = Kernel::irq_save();
    LOG.finish(Kernel::cpu(), ticket, Kernel::cycles(), outcome);
    Kernel::irq_restore(were_on);
}

/// The moment since which nothing was forgotten; [`None`] while nothing is logged.
pub fn complete_since() -> Option<u64> {
    LOG.complete_since()
}

/// All stores in the log, and the heap as `ledger` knows it.
#[derive(Debug)]
pub struct Log<'l>(pub &'l heap::Ledgers<'l>);

impl StoreLog for Log<'_> {
    type Store = Stored;

    fn each(&self, visit: &mut dyn FnMut(&Stored)) {
        LOG.each(&Kernel::relax, visit);
    }

    fn complete_since(&self) -> u64 {
        complete_since().unwrap_or(u64::MAX)
    }

    fn now(&self, location: usize) -> Option<usize> {
        let is_in = |record: &&Record| {
            let start = record.allocation.address;
            record.is_live() && (start..start + record.allocation.size).contains(&location)
        };
        let address = location as u64;
        let is_fixed =
            layout::data().contains(&address) || stacks::contains(address, size_of::<usize>() as u64);
        if !is_fixed && !self.0.all().any(|record| is_in(&record)) {
            return None;
        }
        let word = core::ptr::with_exposed_provenance::<AtomicUsize>(location);
        // SAFETY: a task has stored a word there, so it is mapped and aligned, and stays so: no mapping is
        // ever taken back (I2). All others access it by atomics, too.
        Some(unsafe { &*word }.load(Relaxed))
    }
}
