//! Freed blocks that are kept because a device keeps no task out.

use core::sync::atomic::{AtomicUsize, Ordering};

use kcore::machine::Kind;

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
    // SAFETY: all who were inside a device that keeps no task out have left it (see `Quarantine`).
    unsafe { heap.sweep(0, goes) };
    heap.kept = 0;
}
