//! A shelf: the blocks at some addresses, their records, and the memory of those that were freed.
//!
//! Its lock is all that a CPU needs to allocate a block for which memory waits here, or to free one. Which
//! shelf a block belongs to, its address alone says; where a CPU looks for memory, it chooses.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::ledger::{Allocation, Freed, Ledger, Manner, Record};
use kcore::machine::{BadFree, Cpu, Kind};

use crate::machine::{Kernel, SpinIrqGuard, SpinLock};
use crate::param::MAX_CPUS;

use super::freed::{Bins, Delayed, Heads};
use super::{
    ALIGN, Common, DELAYED_PART, HEAP, Quarantine, RESERVE, SHELVES, begin_block, pointer, quarantine,
};

/// Blocks of a shelf that are given back in one go when memory runs out: each looks for its place among the
/// holes, with interrupts off.
const BATCH: usize = 4;
/// Blocks that a CPU takes from one shelf before it goes on to the next: all have their turn, and what is
/// handed out again was freed long ago.
const TURN: usize = 64;
/// Shelves that are looked at for a block.
const LOOKS: usize = 4;

/// What waits in the bins of each shelf, for CPUs that look where to lock. Not in the shelves: zeros need not be
/// loaded.
pub(super) static HEADS: [Heads; SHELVES] = [const { Heads::new() }; SHELVES];

/// Blocks that each CPU has looked for.
static TURNS: [AtomicUsize; MAX_CPUS] = [const { AtomicUsize::new(0) }; MAX_CPUS];

/// One shelf.
pub(super) struct Shelf(SpinLock<Option<Stock>>);

/// What is on it.
pub(super) struct Stock {
    pub(super) ledger: Ledger<'static>,
    /// The memory that the ledger has out of the holes, if it has grown.
    grown: Option<(usize, Layout)>,
    /// Records that are not for others than the reserve.
    reserved: usize,
    /// Freed blocks that nothing keeps, and that are not given back yet.
    pub(super) delayed: Delayed,
    /// Bytes that may wait there.
    limit: usize,
    /// Blocks that were given back, for the next ones of their sizes.
    pub(super) bins: Bins,
}

/// The shelf from which the running CPU takes memory for `whole`, if there is some on one of those that it
/// looks at.
#[inline]
pub(super) fn with_memory(shelves: &[Shelf; SHELVES], whole: Layout) -> Option<&Shelf> {
    let cpu = Kernel::cpu().0 as usize;
    let turns = TURNS[cpu].load(Relaxed);
    // Only this CPU writes it, and a turn that is lost does not matter.
    TURNS[cpu].store(turns.wrapping_add(1), Relaxed);
    let first = turns / TURN + cpu * (SHELVES / 4 + 1);
    let looked_at = (first..first + LOOKS).map(|number| number % SHELVES);
    let with_memory = looked_at.filter(|&at| whole.align() == ALIGN && HEADS[at].has(whole.size()));
    let mut with_memory = with_memory.map(|at| &shelves[at]);
    let found = with_memory.next()?;
    // Rather than wait for another CPU.
    if found.0.is_locked() { with_memory.next().or(Some(found)) } else { Some(found) }
}

impl Shelf {
    pub(super) const fn new() -> Self {
        let class = class!("shelf of the heap", "By their numbers, when all are taken; then `heap.lock`.");
        Shelf(SpinLock::new(class, None))
    }

    /// From now on it has a part of a heap of `size` bytes, of which `reserved` records are for the reserve, and
    /// bins at `heads`.
    pub(super) fn set_up(
        &self,
        ledger: Ledger<'static>,
        size: usize,
        reserved: usize,
        heads: &'static Heads,
    ) {
        *self.lock() = Some(Stock {
            ledger,
            grown: None,
            reserved: reserved.div_ceil(SHELVES),
            delayed: Delayed::default(),
            limit: size / DELAYED_PART / SHELVES,
            bins: Bins::of(heads),
        });
    }

    /// What is on it. [`None`] before there is a heap.
    #[inline]
    pub(super) fn lock(&self) -> SpinIrqGuard<'_, Option<Stock>> {
        self.0.lock_irqsave()
    }
}

impl Stock {
    /// A block in the memory at `base`, which was taken for it: with its size in front of it, and a record.
    #[inline]
    pub(super) fn begin(
        &mut self,
        base: NonNull<u8>,
        (_, offset): (Layout, usize),
        allocation: &Allocation,
    ) -> Result<NonNull<u8>, Errno> {
        // SAFETY: the memory has room for it all, and no other CPU knows of it.
        let block = unsafe { begin_block(base, offset, allocation.size) };
        self.ledger.record_at(block.addr().get(), allocation).map(|_| block).map_err(|_| Errno::ENOMEM)
    }

    /// Whether there is a record for a block of `kind`. When few are left the ledger grows, out of `common`
    /// if the caller has it.
    pub(super) fn has_record_for(&mut self, kind: Kind, common: Option<&mut Common>) -> bool {
        let left = self.ledger.left();
        if left > self.reserved && left > self.ledger.capacity() / RESERVE {
            return true;
        }
        let has_grown = match common {
            Some(common) => self.grow(common),
            None => HEAP.common.lock_irqsave().as_mut().is_some_and(|common| self.grow(common)),
        };
        has_grown || left > self.reserved && (kind == Kind::Other || HEAP.live.load(Relaxed) == 0)
    }

    /// Has the ledger go over to twice the memory; whether there is so much beside the `RESERVE`.
    #[cold]
    fn grow(&mut self, common: &mut Common) -> bool {
        let bytes = Ledger::bytes_for(2 * self.ledger.capacity()).unwrap_or(usize::MAX);
        let layout = Layout::from_size_align(bytes.next_multiple_of(ALIGN), ALIGN);
        let Ok(layout) = layout else { return false };
        let least = HEAP.size.load(Relaxed) / RESERVE + layout.size();
        if HEAP.free.load(Relaxed) < least.saturating_add(HEAP.claimed.load(Relaxed)) {
            return false;
        }
        let Ok(base) = common.take(layout) else { return false };
        // SAFETY: the memory was a hole, is mapped for ever, and `MaybeUninit` needs no initialising.
        let region = unsafe {
            core::slice::from_raw_parts_mut(base.as_ptr().cast::<MaybeUninit<u8>>(), layout.size())
        };
        self.ledger.move_to(region);
        if let Some((base, layout)) = self.grown.replace((base.expose_provenance().get(), layout)) {
            // SAFETY: it was taken as this is, and the ledger has left it.
            unsafe { common.give(pointer(base), layout) };
        }
        true
    }

    /// Notes that the block at `address` is freed, and how; and holds it, if it is kept only as long as there
    /// is a [`Quarantine`].
    #[inline]
    pub(super) fn free(&mut self, address: usize) -> Result<(Freed, Option<Quarantine>), BadFree> {
        let mut kept = None;
        let freed = self.ledger.free_as(address, |record: &Record| {
            if record.allocation.kind == Kind::Other {
                return Manner::AtOnce;
            }
            if record.serial < HEAP.quarantine_since.load(Relaxed) {
                if !quarantine::is_held() {
                    return Manner::AtOnce;
                }
                kept = Some(Quarantine::hold());
                HEAP.kept.fetch_add(1, Relaxed);
            }
            Manner::Quarantine
        })?;
        Ok((freed, kept))
    }

    /// Takes the memory of a block in that the ledger knows no more.
    ///
    /// # Safety
    /// It is a block of this shelf, `size` bytes long, it comes in once, and no task uses it any more.
    #[inline]
    pub(super) unsafe fn take_in(&mut self, address: usize, size: usize) {
        if address >= HEAP.end.load(Relaxed) {
            // SAFETY: the caller's promise.
            unsafe { make_hole(address, size) };
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { self.delayed.push(address, size) };
        while self.delayed.bytes() > self.limit && self.give_oldest_back() {}
    }

    /// Gives back what was freed first, if there is anything.
    fn give_oldest_back(&mut self) -> bool {
        let Some((address, size)) = self.delayed.pop() else { return false };
        // SAFETY: it was freed and forgotten by the ledger before it came into the queue, and has just left
        // it.
        if !unsafe { self.bins.push(address, size) } {
            // SAFETY: as above.
            unsafe { make_hole(address, size) };
        }
        true
    }

    /// Gives some of what waits back, first to be taken as it is, and then to become holes; whether there was
    /// anything.
    pub(super) fn give_some_back(&mut self) -> bool {
        (0..BATCH).take_while(|_| self.give_oldest_back() || self.make_hole()).count() > 0
    }

    /// Makes a hole of a block that is kept for the next of its size.
    fn make_hole(&mut self) -> bool {
        let Some((address, size)) = self.bins.pop_any() else { return false };
        // SAFETY: it was freed and forgotten by the ledger before it came into a bin, and has just left it.
        unsafe { make_hole(address, size) };
        true
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.delayed.bytes() + self.bins.bytes()
    }

    /// Records that can be had without more memory.
    pub(super) fn records(&self) -> usize {
        self.ledger.left().saturating_sub(self.reserved)
    }
}

/// Gives the memory of the block at `address` back to where it came from.
///
/// # Safety
/// As for [`give_back`](super::give_back).
unsafe fn make_hole(address: usize, size: usize) {
    if let Some(common) = HEAP.common.lock_irqsave().as_mut() {
        // SAFETY: the caller's promise.
        unsafe { common.give_block(address, size) };
    }
}
