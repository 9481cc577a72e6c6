//! The heap: `linked_list_allocator` behind our own spinlock, and the ledger of every block.
//!
//! ```text
//! allocate   lock; take a hole; enter a record; unlock; poison the block
//! free       lock; ask the ledger whether that is a live block; unlock; poison; lock; line up; unlock
//! ```
//!
//! Freed blocks line up (`freed`): their memory is given back when a quarter of the heap stands in the
//! queue, or when memory runs out. So an address is handed out again as late as possible, and a stale word
//! seldom names a block. What was given back waits for the next block of its size, and becomes a
//! hole again when memory runs out.
//!
//! While an experiment runs, freed blocks of the scull kinds are not given back (quarantine): they keep their
//! record and their poison until [`Experiment`] ends, so that a use after free finds poison and a double free
//! is known as one. An experiment that needs its memory back earlier says which tasks are inside the device
//! ([`Experiment::inside`]): then a freed block is used again when memory runs out and all that may still
//! have its address have left (`quarantine`). The same holds outside of experiments as long as there is a
//! [`Quarantine`], that is while a file is open of a device that keeps no task out. While such devices may
//! exist, that is while there is a [`Live`], no experiment begins: its end takes back every block that was
//! allocated meanwhile, whichever task or device has it.
//!
//! What such devices may have ends where a small part of the memory and of the records is left (`RESERVE`):
//! whichever task fills them, the kernel goes on. What memory is had when there is none at all is in
//! `reserve`.
//!
//! In front of each block lies its size ([`BlockSize`](kcore::machine::BlockSize)), so that a task that has
//! its address can ask for it without a lock. The ledger knows nothing of these bytes.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Block, Events, Kinds, LockName, Outcome, What};
use kcore::ledger::{Allocation, BACKTRACE, Ledger, Manner, Record};
use kcore::machine::{BadFree, Cpu, Kind, POISON_FREED, POISON_FRESH, Sched};
use kcore::place::Place;
use kcore::sync::Counted;

use crate::frames;
use crate::machine::{CountedSpinLock, Kernel};
use crate::mm::{backtrace, shortage};

mod account;
mod allocators;
mod block;
mod experiment;
pub mod failing;
mod freed;
mod library;
mod quarantine;
mod reserve;

pub use account::{Room, extent, first_bytes, live, lock_stats, room, snapshot, variables, with_ledger};
pub use experiment::{Experiment, Inside, Live};
pub use library::Claim;
pub(crate) use library::kept;
pub use quarantine::Quarantine;
use quarantine::Recycling;
pub use reserve::{forget_most, reserve};

use block::{begin_block, bytes, give_back, is_poisoned, pointer, room_for, whole};
use freed::{Bins, Delayed};
use reserve::Reserve;

/// Bytes of heap for each record of the ledger: blocks are expected to be this long on average.
const BYTES_PER_RECORD: u64 = 2048;
/// Records of the smallest ledger.
const FEWEST_RECORDS: u64 = 2048;
/// The part of the heap, and of the records, that is not for devices that live on: one in so many.
const RESERVE: usize = 16;
/// The part of the heap in which freed blocks may wait to be handed out again.
const DELAYED_PART: usize = 4;
/// Blocks that are given back in one go when memory runs out: each looks for its place among the holes, with
/// interrupts off.
const BATCH: usize = 64;
/// Alignment of every block.
const ALIGN: usize = 16;

struct Heap {
    holes: linked_list_allocator::Heap,
    ledger: Ledger<'static>,
    /// The first serial number of the running experiment; `u64::MAX` when there is none.
    quarantine_since: u64,
    /// Which tasks may still use what an experiment keeps, if that is known.
    recycling: Option<Recycling>,
    /// Freed blocks that no experiment keeps, but a [`Quarantine`].
    kept: usize,
    /// How many [`Live`]s there are.
    live: usize,
    /// Freed blocks that neither of them keeps, and that are not given back yet.
    delayed: Delayed,
    /// Blocks that were given back, for the next ones of their sizes.
    bins: Bins,
    /// Bytes of what is free that are claimed.
    claimed: usize,
    /// For callers that cannot do without when all that is gone.
    reserve: Reserve,
}

impl Heap {
    /// A block for `layout`, with its size in front of it.
    fn take(&mut self, layout: Layout) -> Result<NonNull<u8>, Errno> {
        let (whole, offset) = whole(layout)?;
        let kept = if whole.align() == ALIGN { self.bins.pop(whole.size()) } else { None };
        let base = match kept {
            Some(base) => base,
            None => self.holes.allocate_first_fit(whole).map_err(|()| Errno::ENOMEM)?,
        };
        // SAFETY: the hole has room for it all, and no other CPU knows of it.
        Ok(unsafe { begin_block(base, offset, layout.size()) })
    }

    /// Whether a block would be cut out of the `RESERVE`.
    fn is_for_others(&self, layout: Layout, kind: Kind) -> bool {
        if self.live == 0 || kind == Kind::Other {
            return false;
        }
        let is_last = self.ledger.left() <= self.ledger.capacity() / RESERVE;
        is_last || self.holes.free() < self.holes.size() / RESERVE + layout.size()
    }

    /// [`take`](Heap::take), and a record of it. [`Errno::ENOMEM`] when one of them is not to be had; nothing
    /// changed then.
    fn enter(&mut self, layout: Layout, allocation: &mut Allocation) -> Result<NonNull<u8>, Errno> {
        let are_reserved = self.ledger.left() <= self.reserve.records();
        if are_reserved || self.is_claimed(layout.size()) || self.is_for_others(layout, allocation.kind) {
            return Err(Errno::ENOMEM);
        }
        let block = self.take(layout)?;
        self.write_down(block, allocation)
    }

    /// Records a block that was just taken. [`Errno::ENOMEM`], and it is given back, when there is no record
    /// for it.
    fn write_down(&mut self, block: NonNull<u8>, allocation: &mut Allocation) -> Result<NonNull<u8>, Errno> {
        allocation.address = block.addr().get();
        if self.ledger.record(*allocation).is_err() {
            let holes = self.reserve.holes_of(allocation.address).unwrap_or(&mut self.holes);
            // SAFETY: the block came from there just now, with this size.
            unsafe { give_back(holes, allocation.address, allocation.size) };
            return Err(Errno::ENOMEM);
        }
        Ok(block)
    }

    /// Takes the memory of a block in that the ledger knows no more.
    ///
    /// # Safety
    /// It is a block of this heap, `size` bytes long, it comes in once, and no task uses it any more.
    unsafe fn take_in(&mut self, address: usize, size: usize) {
        if let Some(holes) = self.reserve.holes_of(address) {
            // SAFETY: the caller's promise; the reserve is where it came from.
            unsafe { give_back(holes, address, size) };
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { self.delayed.push(address) };
        self.give_back_until(self.holes.size() / DELAYED_PART);
    }

    /// Gives back what was freed first until at most `bytes` wait for that.
    fn give_back_until(&mut self, bytes: usize) {
        while self.delayed.bytes() > bytes && self.give_oldest_back() {}
    }

    /// Gives back what was freed first, if there is anything.
    fn give_oldest_back(&mut self) -> bool {
        let Some((address, size)) = self.delayed.pop() else { return false };
        // SAFETY: it was freed and forgotten by the ledger before it came into the queue, and has just left
        // it.
        if !unsafe { self.bins.push(address) } {
            // SAFETY: as above.
            unsafe { give_back(&mut self.holes, address, size) };
        }
        true
    }

    /// Memory has run out. Gives some of what waits for that back, first to be taken as it is, and then to
    /// become holes; whether there was anything.
    fn give_some_back(&mut self) -> bool {
        (0..BATCH).take_while(|_| self.give_oldest_back() || self.make_hole()).count() > 0
    }

    /// Makes a hole of a block that is kept for the next of its size.
    fn make_hole(&mut self) -> bool {
        let Some((address, size)) = self.bins.pop_any() else { return false };
        // SAFETY: it was freed and forgotten by the ledger before it came into a bin, and has just left it.
        unsafe { give_back(&mut self.holes, address, size) };
        true
    }

    /// Takes some blocks out of quarantine that no task can know any more; whether there were any.
    fn recycle(&mut self) -> bool {
        let Some(mut recycling) = self.recycling.take() else { return false };
        recycling.begin();
        let known = |record: &Record| record.allocation.kind != Kind::Other;
        // SAFETY: every task that had the address of such a block when it was freed has left.
        unsafe {
            self.sweep(self.quarantine_since, |record| known(record) && recycling.takes(record, is_poisoned));
        }
        let has_taken = recycling.has_taken();
        self.recycling = Some(recycling);
        has_taken
    }

    /// Removes the records since `since` for which `goes` says so, and gives their blocks back.
    ///
    /// # Safety
    /// No task uses such a block any more.
    unsafe fn sweep(&mut self, since: u64, mut goes: impl FnMut(&Record) -> bool) {
        let Heap { holes, ledger, .. } = self;
        ledger.retain_since(since, |record| {
            if !goes(record) {
                return true;
            }
            // SAFETY: the record goes, so the block is given back once; the caller says that no task uses it.
            unsafe { give_back(holes, record.allocation.address, record.allocation.size) };
            false
        });
    }
}

static HEAP: CountedSpinLock<Option<Heap>> =
    CountedSpinLock::new(Counted::new(LockName::spins("heap.lock", class!("heap.lock"))), None);

/// Not enough memory for the heap that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The most that this machine can give, in bytes.
    pub most: u64,
}

/// Sets the heap up with `size` bytes, or with half of the free memory; returns its size. The reserve lies
/// behind it.
pub fn init(size: Option<u64>) -> Result<u64, TooLarge> {
    let size = size.unwrap_or_else(half_of_free) & !0xfff;
    let reserved = reserve::size_beside(size);
    let records = (size / BYTES_PER_RECORD).max(FEWEST_RECORDS) + reserve::records(reserved);
    let ledger_bytes = Ledger::bytes_for(records as usize).unwrap_or(usize::MAX);
    let besides = reserved.saturating_add(ledger_bytes as u64);
    let too_large = TooLarge { most: frames::longest_free().saturating_sub(besides) & !0xfff };
    let ledger = frames::allocate_contiguous(ledger_bytes as u64).ok_or(too_large)?;
    let bottom = frames::allocate_contiguous(size.saturating_add(reserved)).ok_or(too_large)?;
    let region = frames::pointer::<MaybeUninit<u8>>(ledger);
    // SAFETY: these frames are ours from now on, mapped by the window, and `MaybeUninit` needs no
    // initialising.
    let region = unsafe { core::slice::from_raw_parts_mut(region, ledger_bytes) };
    // SAFETY: so are these; no other code uses them while the machine runs.
    let holes = unsafe { linked_list_allocator::Heap::new(frames::pointer(bottom), size as usize) };
    // SAFETY: and so are those behind them.
    let reserve = unsafe { Reserve::new(bottom + size, reserved) };
    *HEAP.lock_irqsave() = Some(Heap {
        holes,
        reserve,
        claimed: 0,
        ledger: Ledger::in_region(region),
        quarantine_since: u64::MAX,
        kept: 0,
        live: 0,
        recycling: None,
        delayed: Delayed::default(),
        bins: Bins::new(),
    });
    Ok(size)
}

/// What a small machine keeps besides, for the stacks of some tasks.
const FOR_STACKS: u64 = 256 << 10;

/// With the reserve half of the free memory, but for [`FOR_STACKS`]; or what the longest range has room for
/// beside the ledger: UEFI leaves many short ones.
fn half_of_free() -> u64 {
    let half = (frames::free_bytes() / 2).saturating_sub(FOR_STACKS);
    let both = half.min(frames::longest_free() / 4 * 3);
    both.saturating_sub(reserve::size_beside(both))
}

/// A block of `layout` for `kind`, filled with [`POISON_FRESH`]. [`Errno::ENOMEM`] when there is no hole or
/// no record for it; nothing changed then.
pub fn allocate(kind: Kind, layout: Layout, at: Place) -> Result<NonNull<u8>, Errno> {
    let layout = layout.align_to(ALIGN).map_err(|_| Errno::ENOMEM)?;
    let mut allocation = asked_for(kind, layout, at);
    if failing::strikes(&allocation.backtrace) {
        return Err(Errno::ENOMEM);
    }
    let block = loop {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().ok_or(Errno::ENOMEM)?;
        match heap.enter(layout, &mut allocation) {
            // Between two tries interrupts come, and others have the heap.
            Err(_) if heap.give_some_back() || heap.recycle() => {}
            result => break result?,
        }
    };
    bytes(block.addr().get(), layout.size()).fill(POISON_FRESH);
    if Kernel::wanted().contains(Kinds::ALLOCATIONS) {
        tell_allocated(block, layout.size(), at);
    }
    Ok(block)
}

#[cold]
#[inline(never)]
fn tell_allocated(block: NonNull<u8>, size: usize, at: Place) {
    Kernel::tell(What::Block(Block::Allocated { address: block.addr().get(), size }), at);
}

/// What is known of a block before there is one.
#[inline]
fn asked_for(kind: Kind, layout: Layout, at: Place) -> Allocation {
    let mut trace = [0; BACKTRACE];
    backtrace::capture(&mut trace);
    Allocation {
        address: 0,
        size: layout.size(),
        kind,
        kept: shortage::keeps(),
        cpu: Kernel::cpu(),
        task: Kernel::task(),
        cycles: Kernel::cycles(),
        allocated_at: at,
        backtrace: trace,
    }
}

/// Gives a block back. A block of the running experiment stays in quarantine, and so does every block of a
/// scull kind while there is a [`Quarantine`].
///
/// # Safety
/// No task keeps a Rust reference into the block, nor a pointer unless it is in quarantine.
pub unsafe fn free(block: NonNull<u8>, at: Place) -> Result<(), BadFree> {
    let address = block.addr().get();
    if !Kernel::wanted().contains(Kinds::BLOCKS) {
        return give_up(address);
    }
    let found = with_ledger(|ledger| ledger.lookup(address).map(|record| record.allocation));
    // Of the others there are too many for the log, and few that anything is stored in that it has.
    let Some(found) = found.filter(|found| found.kind != Kind::Other) else { return give_up(address) };
    let what = What::Block(Block::Freed { address, size: found.size });
    let ticket = Kernel::tell(what, at);
    let freed = give_up(address);
    Kernel::told(ticket, if freed.is_ok() { Outcome::ZEROS } else { Outcome::Failed });
    freed
}

/// [`free`], told to none.
fn give_up(address: usize) -> Result<(), BadFree> {
    let (freed, manner, _until_poisoned) = {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().ok_or(BadFree::Unknown)?;
        let of_experiment = |record: &Record| record.serial >= heap.quarantine_since;
        let (manner, kept) = match heap.ledger.lookup(address) {
            Some(record) if record.allocation.kind == Kind::Other => (Manner::AtOnce, false),
            Some(record) if of_experiment(record) => (Manner::Quarantine, false),
            Some(_) if quarantine::is_held() => (Manner::Quarantine, true),
            _ => (Manner::AtOnce, false),
        };
        let freed = heap.ledger.free(address, manner)?;
        heap.kept += usize::from(kept);
        // Else the task that drops the last of the others might give the block back before it is poisoned,
        // and its next owner would find poison in it.
        (freed, manner, kept.then(Quarantine::hold))
    };
    bytes(address, freed.size).fill(POISON_FREED);
    if manner == Manner::AtOnce {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().ok_or(BadFree::Unknown)?;
        // SAFETY: the ledger knew the block as live, and has forgotten it: it comes in once.
        unsafe { heap.take_in(address, freed.size) };
    }
    Ok(())
}

fn with_heap<R>(f: impl FnOnce(&mut Heap) -> R) -> R {
    let mut heap = HEAP.lock_irqsave();
    f(heap.as_mut().expect("the heap is set up before anything is counted"))
}
