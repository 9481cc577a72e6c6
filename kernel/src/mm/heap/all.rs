//! All of the heap, locked at once: for what has to be true of one moment.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::ledger::{Allocation, Record};
use kcore::machine::{Cpu, Kind};

use crate::machine::Kernel;
use crate::mm::shortage;

use super::shelf::Stock;
use super::{Common, HEAP, Ledgers, SHELVES, is_poisoned};

/// All of it.
pub(super) struct All<'g> {
    pub(super) shelves: [&'g mut Stock; SHELVES],
    pub(super) common: &'g mut Common,
}

/// Calls `work` with all of the heap, locked. It is set up before.
pub(super) fn with_all<R>(work: impl FnOnce(&mut All<'_>) -> R) -> R {
    let (mut work, mut result) = (Some(work), None);
    lock_all(&mut |all| result = work.take().map(|work| work(all)));
    result.expect("it was called once")
}

/// One piece of code for all callers: it is long.
#[inline(never)]
fn lock_all(work: &mut dyn FnMut(&mut All<'_>)) {
    // The guards come and go in the same order: the first would switch interrupts on with all others in hand.
    let were_on = Kernel::irq_save();
    {
        let mut shelves = HEAP.shelves.each_ref().map(|shelf| shelf.lock());
        let mut common = HEAP.common.lock_irqsave();
        let is_set_up = "the heap is set up before all of it is used";
        work(&mut All {
            shelves: shelves.each_mut().map(|stock| stock.as_mut().expect(is_set_up)),
            common: common.as_mut().expect(is_set_up),
        });
    }
    Kernel::irq_restore(were_on);
}

impl All<'_> {
    /// The account.
    pub(super) fn ledgers(&mut self) -> Ledgers<'_> {
        kcore::ledger::Ledgers(self.shelves.each_mut().map(|stock| &mut stock.ledger))
    }

    /// Bytes that are free, or become so when they are wanted.
    pub(super) fn free_bytes(&self) -> usize {
        self.common.holes.free() + self.shelves.iter().map(|stock| stock.waiting()).sum::<usize>()
    }

    /// Makes a block and a record of it where nothing of it may be cut out of what others claim.
    pub(super) fn enter(
        &mut self,
        memory @ (whole, offset): (Layout, usize),
        allocation: &Allocation,
    ) -> Result<NonNull<u8>, Errno> {
        let needed = HEAP.claimed.load(Relaxed).saturating_add(allocation.size);
        if self.free_bytes() < needed && !shortage::is_sure() {
            return Err(Errno::ENOMEM);
        }
        let base = match self.common.take(whole) {
            Err(_) if whole.align() == super::ALIGN => {
                self.shelves.iter_mut().find_map(|stock| stock.bins.pop(whole.size())).ok_or(Errno::ENOMEM)
            }
            base => base,
        }?;
        let stock = &mut self.shelves[Ledgers::part(base.addr().get() + offset)];
        if !stock.has_record_for(allocation.kind, Some(self.common)) {
            // SAFETY: it was taken just now, and no other CPU knows of it.
            unsafe { self.common.give(base, whole) };
            return Err(Errno::ENOMEM);
        }
        stock.begin(base, memory, allocation)
    }

    /// Takes some blocks out of quarantine that no task can know any more; whether there were any.
    pub(super) fn recycle(&mut self) -> bool {
        let Some(mut recycling) = self.common.recycling.take() else { return false };
        recycling.begin();
        let known = |record: &Record| record.allocation.kind != Kind::Other;
        let since = HEAP.quarantine_since.load(Relaxed);
        // SAFETY: every task that had the address of such a block when it was freed has left.
        unsafe { self.sweep(since, |record| known(record) && recycling.takes(record, is_poisoned)) };
        let has_taken = recycling.has_taken();
        self.common.recycling = Some(recycling);
        has_taken
    }

    /// Removes the records since `since` for which `goes` says so, and gives their blocks back.
    ///
    /// # Safety
    /// No task uses such a block any more.
    pub(super) unsafe fn sweep(&mut self, since: u64, mut goes: impl FnMut(&Record) -> bool) {
        let All { shelves, common } = self;
        kcore::ledger::Ledgers(shelves.each_mut().map(|stock| &mut stock.ledger)).retain_since(
            since,
            |record| {
                if !goes(record) {
                    return true;
                }
                // SAFETY: the record goes, so the block is given back once; the caller says that no task uses
                // it.
                unsafe { common.give_block(record.allocation.address, record.allocation.size) };
                false
            },
        );
    }
}
