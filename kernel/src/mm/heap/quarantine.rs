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
//! A task that waits inside for a lock holds everything back, as a reader in RCU does that never comes to an
//! end.

use core::sync::atomic::{AtomicUsize, Ordering};

use kcore::ledger::Record;
use kcore::machine::Kind;
use kcore::settings::MAX_WRITERS;

use super::{HEAP, Heap};

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
        if HOLDS.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(heap) = HEAP.lock_irqsave().as_mut()
        {
            release(heap);
        }
    }
}

/// Whether there is one.
pub(super) fn is_held() -> bool {
    HOLDS.load(Ordering::Acquire) > 0
}

/// Gives back what was kept. A task that comes while this goes on frees nothing until it is over, and finds
/// no way to these blocks.
fn release(heap: &mut Heap) {
    if heap.kept == 0 || is_held() {
        return;
    }
    let experiment = heap.quarantine_since;
    let goes = |record: &kcore::ledger::Record| {
        record.serial < experiment && !record.is_live() && record.allocation.kind != Kind::Other
    };
    // SAFETY: all tasks that were inside a device that keeps no task out have left it (see `Quarantine`).
    unsafe { heap.sweep(0, goes) };
    heap.kept = 0;
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
        Recycling { inside: [OUTSIDE; MAX_WRITERS as usize], earliest: 0, left: 0, taken: 0, spoilt: 0 }
    }

    /// Task `who` comes in.
    pub(super) fn enter(&mut self, who: u32, now: u64) {
        self.inside[who as usize] = now;
    }

    /// Task `who` has left.
    pub(super) fn leave(&mut self, who: u32) {
        self.inside[who as usize] = OUTSIDE;
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
