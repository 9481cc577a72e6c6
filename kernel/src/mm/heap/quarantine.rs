//! Freed blocks that are kept because a device keeps no task out, or an experiment runs.
//!
//! When a block may be used again although an experiment still runs: when no task can know its address any
//! more. The idea is that of read-copy-update (LKD ch. 10; Linux's `call_rcu`). A task that goes into the
//! device is written down with the time, and crossed out when it leaves. A block that was freed before the
//! earliest of those that are inside came in cannot be known to any of them: the links to it were gone when
//! the task that freed it left, and addresses are not kept from one call to the next. The clock is the
//! ledger's serial number, so two events with no allocation between them count as one: that errs on the safe
//! side.
//!
//! While that task is still inside, its links may be there: a task that comes in meanwhile may know what was
//! freed before it came. It counts as if it had come in before the first of these frees.
//!
//! A task that waits inside for a lock holds everything back, as a reader in RCU does that never comes to an
//! end.

use core::sync::atomic::{AtomicUsize, Ordering, Ordering::Relaxed};

use kcore::ledger::Record;
use kcore::machine::{Kind, Sched, TaskId};
use kcore::settings::MAX_WRITERS;

use crate::machine::Kernel;

use super::all::All;
use super::{HEAP, with_all};

/// How many [`Quarantine`]s there are.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// While there is one, no block of a scull kind that is freed is handed out again. When the last goes, the
/// freed ones are given back; those that live stay.
///
/// A task that is inside a device which does not keep others out has one, from before it enters until after
/// it has left. That is enough: once all have left, no link that leads from the device leads to a freed
/// block. For a block is published in one link only, by the task that allocated it; the task that frees it
/// has come to it from the device's head, frees all blocks on that way, too, and then stores null in the
/// head. So what leads to a freed block lies in a freed block itself, or is a head that will be null before
/// its trimmer leaves. (A task that dies inside keeps its quarantine for ever.)
#[derive(Debug)]
pub struct Quarantine(());

impl Quarantine {
    /// One more.
    pub fn hold() -> Self {
        // Acquire: what the tasks that have left stored last is seen by a task that enters after the last of
        // them.
        HOLDS.fetch_add(1, Ordering::AcqRel);
        Quarantine(())
    }
}

impl Drop for Quarantine {
    fn drop(&mut self) {
        // A task that has kept a block meanwhile held it: it comes here after that.
        if HOLDS.fetch_sub(1, Ordering::AcqRel) == 1 && HEAP.kept.load(Relaxed) > 0 {
            with_all(release);
        }
    }
}

/// Whether there is one.
pub(super) fn is_held() -> bool {
    HOLDS.load(Ordering::Acquire) > 0
}

/// Gives back what was kept. A task that comes while this goes on frees nothing until it is over, and finds
/// no way to these blocks.
fn release(all: &mut All<'_>) {
    if HEAP.kept.load(Relaxed) == 0 || is_held() {
        return;
    }
    let experiment = HEAP.quarantine_since.load(Relaxed);
    let goes = |record: &kcore::ledger::Record| {
        record.serial < experiment && !record.is_live() && record.allocation.kind != Kind::Other
    };
    // SAFETY: all tasks that were inside a device that keeps no task out have left it (see `Quarantine`).
    unsafe { all.sweep(0, goes) };
    HEAP.kept.store(0, Relaxed);
}

/// Blocks taken out of quarantine at a time: it is done with interrupts off, and each is looked at to its
/// last byte.
const AT_ONCE: u32 = 512;
/// Came in later than any task: is not inside.
const OUTSIDE: u64 = u64::MAX;

/// Which tasks are inside, and what was taken out of quarantine so far.
pub(super) struct Recycling {
    /// For each task of the experiment the time at which it came in.
    inside: [u64; MAX_WRITERS as usize],
    /// Which task that is, and the time before it first freed a block since.
    frees: [(TaskId, u64); MAX_WRITERS as usize],
    /// When the first of them came in, as far as this time is concerned.
    earliest: u64,
    /// Blocks that may still be taken this time.
    left: u32,
    taken: u64,
    /// Blocks that were written to after they were freed.
    spoilt: u64,
}

impl Recycling {
    /// No task is inside.
    pub(super) fn new() -> Self {
        let frees = [(TaskId(0), OUTSIDE); MAX_WRITERS as usize];
        Recycling {
            inside: [OUTSIDE; MAX_WRITERS as usize],
            frees,
            earliest: 0,
            left: 0,
            taken: 0,
            spoilt: 0,
        }
    }

    /// The running task, which is task `who`, comes in.
    pub(super) fn enter(&mut self, who: u32, now: u64) {
        let first_free = self.frees.iter().map(|(_, when)| *when).min().unwrap_or(OUTSIDE);
        self.inside[who as usize] = now.min(first_free);
        self.frees[who as usize] = (Kernel::task(), OUTSIDE);
    }

    /// The running task is about to free a block.
    pub(super) fn frees(&mut self, now: u64) {
        let me = Kernel::task();
        for ((task, when), inside) in self.frees.iter_mut().zip(&self.inside) {
            if *task == me && *inside != OUTSIDE {
                *when = now.min(*when);
            }
        }
    }

    /// Task `who` has left.
    pub(super) fn leave(&mut self, who: u32) {
        self.inside[who as usize] = OUTSIDE;
        self.frees[who as usize].1 = OUTSIDE;
    }

    /// Memory has run out: some blocks are to be taken.
    pub(super) fn begin(&mut self) {
        self.left = AT_ONCE;
        self.earliest = self.inside.iter().copied().min().unwrap_or(OUTSIDE);
    }

    /// Whether this block is one of them.
    pub(super) fn takes(&mut self, record: &Record, is_poisoned: impl FnOnce(&Record) -> bool) -> bool {
        if self.left == 0 || !record.was_freed_before(self.earliest) {
            return false;
        }
        self.left -= 1;
        self.taken += 1;
        self.spoilt += u64::from(!is_poisoned(record));
        true
    }

    /// Whether there were any since it [began](Recycling::begin).
    pub(super) fn has_taken(&self) -> bool {
        self.left < AT_ONCE
    }

    /// Blocks taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// How many of these had been written to after they were freed.
    pub(super) fn spoilt(&self) -> u64 {
        self.spoilt
    }
}
