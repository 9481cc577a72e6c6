//! The heap: `linked_list_allocator`, shelves in front of it, and the ledger of every block.
//!
//! ```text
//! allocate   lock a shelf; take a block from a bin of it; enter a record; unlock; poison the block
//!            or else: lock; take a hole; unlock; lock the shelf of that address; enter a record; unlock
//! free       lock the shelf of the address; is that a live block?; poison it; line it up; unlock
//! ```
//!
//! All that concerns one block is done under the lock of one shelf, and the address says of which one. So the
//! account is exact, and CPUs seldom meet: neighbours lie on different shelves (`shelf`).
//!
//! Freed blocks line up (`freed`): their memory is given back when a quarter of the heap stands in the
//! queues, or when memory runs out. So an address is handed out again as late as possible, and a stale word
//! seldom names a block. What was given back waits for the next block of its size, and becomes a
//! hole again when memory runs out. A ledger that is full takes more memory out of the holes.
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
//! `reserve`. A caller that is refused is told of in the kernel's log.
//!
//! Where the same is allocated and freed over and over, as in execution after execution of a driver, blocks
//! of Rust's own go from hand to hand with their records (`pocket`).
//!
//! In front of each block lies its size ([`BlockSize`](kcore::machine::BlockSize)), so that a task that has
//! its address can ask for it without a lock. The ledger knows nothing of these bytes.

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Block, Events, Kinds, LockName, Outcome, What};
use kcore::ledger::{Allocation, BACKTRACE, Clock, Ledger, Manner};
use kcore::machine::{BadFree, Cpu, Kind, POISON_FREED, POISON_FRESH, Sched};
use kcore::place::Place;
use kcore::sync::Counted;

use crate::frames;
use crate::machine::{CountedSpinLock, Kernel};
use crate::mm::{backtrace, shortage};

mod account;
mod all;
mod allocators;
mod block;
mod common;
mod experiment;
pub mod failing;
mod freed;
mod library;
mod pocket;
mod quarantine;
mod refused;
mod reserve;
mod shelf;

pub use account::{
    Room, extent, first_bytes, live, lock_stats, lookup, mark, next_serial, room, snapshot, variables,
    with_ledger,
};
pub use experiment::{Experiment, Inside, Live};
pub use library::Claim;
pub(crate) use library::kept;
pub use quarantine::Quarantine;
pub(crate) use refused::TELL;
pub use reserve::{forget_most, reserve};

use all::with_all;
use block::{begin_block, bytes, give_back, is_poisoned, pointer, room_of, whole};
use common::Common;
use reserve::Reserve;
use shelf::{HEADS, Shelf, Stock};

/// Shelves of the heap: enough that CPUs seldom meet at one.
const SHELVES: usize = 16;
/// Bytes of heap for each record that the ledgers have at first.
const BYTES_PER_RECORD: u64 = 2048;
/// Fewest records that they have at first.
const FEWEST_RECORDS: u64 = 2048;
/// The part of the heap, and of the records, that is not for devices that live on: one in so many.
const RESERVE: usize = 16;
/// The part of the heap in which freed blocks may wait to be handed out again.
const DELAYED_PART: usize = 4;
/// Alignment of every block.
const ALIGN: usize = 16;
/// Most bytes of a block that is poisoned with its shelf locked and interrupts off.
const SMALL: usize = 4096;

/// The ledgers of all shelves.
pub type Ledgers<'l> = kcore::ledger::Ledgers<'l, 'static, SHELVES>;

struct Heap {
    shelves: [Shelf; SHELVES],
    /// Lock order: a shelf -> another with a higher number -> this.
    common: CountedSpinLock<Option<Common>>,
    /// Bytes of the holes, and where they end; 0 before [`init`].
    size: AtomicUsize,
    end: AtomicUsize,
    /// Bytes of the holes that are free, as `common` has left them.
    free: AtomicUsize,
    /// The last serial number.
    clock: Clock,
    /// The first serial number of the running experiment; `u64::MAX` when there is none. Written with all
    /// shelves locked.
    quarantine_since: AtomicU64,
    /// How many experiments of the blocks of one CPU run. Written with all shelves locked.
    of_one_cpu: AtomicU32,
    /// Whether it says which tasks are inside the device.
    recycles: AtomicBool,
    /// Freed blocks that no experiment keeps, but a [`Quarantine`].
    kept: AtomicUsize,
    /// How many [`Live`]s there are. Written with all shelves locked.
    live: AtomicUsize,
    /// Bytes of what is free that are claimed. Written with all shelves and `common` locked: a CPU that has
    /// one of them and finds 0 here may take what it finds.
    claimed: AtomicUsize,
    /// It is not kept on which way of calls blocks are allocated.
    keeps_no_ways: AtomicBool,
}

static HEAP: Heap = Heap {
    shelves: [const { Shelf::new() }; SHELVES],
    common: CountedSpinLock::new(Counted::new(LockName::spins("heap.lock", class!("heap.lock"))), None),
    size: AtomicUsize::new(0),
    end: AtomicUsize::new(0),
    free: AtomicUsize::new(0),
    clock: Clock::new(0),
    quarantine_since: AtomicU64::new(u64::MAX),
    of_one_cpu: AtomicU32::new(0),
    recycles: AtomicBool::new(false),
    kept: AtomicUsize::new(0),
    live: AtomicUsize::new(0),
    claimed: AtomicUsize::new(0),
    keeps_no_ways: AtomicBool::new(false),
};

impl Heap {
    /// Whether a block would be cut out of the `RESERVE`.
    fn is_for_others(&self, size: usize, kind: Kind) -> bool {
        let least = self.size.load(Relaxed) / RESERVE + size;
        kind != Kind::Other && self.live.load(Relaxed) > 0 && self.free.load(Relaxed) < least
    }

    /// The shelf of the block at `address`.
    fn shelf_of(&self, address: usize) -> &Shelf {
        &self.shelves[Ledgers::part(address)]
    }

    /// Makes a block out of memory that waits for one on a shelf, or of a hole, and a record of it.
    /// [`Errno::ENOMEM`] when one of them is not to be had; nothing changed then.
    fn enter(&self, layout: Layout, allocation: &Allocation) -> Result<NonNull<u8>, Errno> {
        let memory = whole(layout)?;
        if self.is_for_others(layout.size(), allocation.kind) {
            return Err(Errno::ENOMEM);
        }
        if let Some(block) = self.out_of_a_shelf(memory, allocation) {
            return block;
        }
        match self.out_of_the_holes(memory, allocation) {
            Some(block) => block,
            None => with_all(|all| all.enter(memory, allocation)),
        }
    }

    fn out_of_a_shelf(
        &self,
        memory @ (whole, _): (Layout, usize),
        allocation: &Allocation,
    ) -> Option<Result<NonNull<u8>, Errno>> {
        let shelf = shelf::with_memory(&self.shelves, whole)?;
        let mut stock = shelf.lock();
        let stock = stock.as_mut()?;
        if self.claimed.load(Relaxed) > 0 || !stock.has_record_for(allocation.kind, None) {
            return None;
        }
        let base = stock.bins.pop(whole.size())?;
        Some(stock.begin(base, memory, allocation))
    }

    /// [`None`] while memory is claimed.
    fn out_of_the_holes(
        &self,
        memory @ (whole, offset): (Layout, usize),
        allocation: &Allocation,
    ) -> Option<Result<NonNull<u8>, Errno>> {
        let base = {
            let mut common = self.common.lock_irqsave();
            let Some(common) = common.as_mut() else { return Some(Err(Errno::ENOMEM)) };
            if self.claimed.load(Relaxed) > 0 {
                return None;
            }
            common.take(whole)
        };
        let Ok(base) = base else { return Some(Err(Errno::ENOMEM)) };
        let mut stock = self.shelf_of(base.addr().get() + offset).lock();
        let stock = stock.as_mut().expect("the shelves are set up before there is a hole");
        if stock.has_record_for(allocation.kind, None) {
            return Some(stock.begin(base, memory, allocation));
        }
        if let Some(common) = self.common.lock_irqsave().as_mut() {
            // SAFETY: it was taken just now, and no other CPU knows of it.
            unsafe { common.give(base, whole) };
        }
        Some(Err(Errno::ENOMEM))
    }

    /// Whether an experiment has kept what can be used again.
    fn recycles(&self) -> bool {
        self.recycles.load(Relaxed) && with_all(|all| all.recycle())
    }

    /// Memory has run out. Gives some of what waits for that back, first to be taken as it is, and then to
    /// become holes; whether there was anything.
    fn give_some_back(&self) -> bool {
        let gives = |shelf: &Shelf| shelf.lock().as_mut().is_some_and(Stock::give_some_back);
        self.shelves.iter().filter(|shelf| gives(shelf)).count() > 0
    }
}

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
    let each = Ledger::bytes_for((records as usize).div_ceil(SHELVES)).unwrap_or(usize::MAX / SHELVES);
    let ledger_bytes = each.next_multiple_of(ALIGN) * SHELVES;
    let besides = reserved.saturating_add(ledger_bytes as u64);
    let too_large = TooLarge { most: frames::longest_free().saturating_sub(besides) & !0xfff };
    let ledger = frames::allocate_contiguous(ledger_bytes as u64).ok_or(too_large)?;
    let bottom = frames::allocate_contiguous(size.saturating_add(reserved)).ok_or(too_large)?;
    let region = frames::pointer::<MaybeUninit<u8>>(ledger);
    // SAFETY: these frames are ours from now on, mapped by the window, and `MaybeUninit` needs no
    // initialising.
    let region = unsafe { core::slice::from_raw_parts_mut(region, ledger_bytes) };
    let (start, size) = (frames::pointer::<u8>(bottom), size as usize);
    // SAFETY: so are these; no other code uses them while the machine runs.
    let holes = unsafe { linked_list_allocator::Heap::new(start, size) };
    // SAFETY: and so are those behind them.
    let reserve = unsafe { Reserve::new(bottom + size as u64, reserved) };
    HEAP.size.store(size, Relaxed);
    HEAP.end.store(start.addr() + size, Relaxed);
    HEAP.free.store(holes.free(), Relaxed);
    let regions = region.chunks_exact_mut(ledger_bytes / SHELVES);
    for ((shelf, heads), region) in HEAP.shelves.iter().zip(&HEADS).zip(regions) {
        shelf.set_up(Ledger::in_region(region, &HEAP.clock), size, reserve.records(), heads);
    }
    *HEAP.common.lock_irqsave() = Some(Common { holes, reserve, recycling: None });
    Ok(size as u64)
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
    allocate_filled(kind, layout, POISON_FRESH, at)
}

/// [`allocate`], filled with another byte.
#[inline]
pub fn allocate_filled(kind: Kind, layout: Layout, byte: u8, at: Place) -> Result<NonNull<u8>, Errno> {
    let layout = layout.align_to(ALIGN).map_err(|_| Errno::ENOMEM)?;
    let allocation = asked_for(kind, layout, at);
    if failing::strikes(&allocation.backtrace) {
        return Err(Errno::ENOMEM);
    }
    let block = loop {
        match HEAP.enter(layout, &allocation) {
            // Between two tries interrupts come, and others have the heap.
            Err(_) if HEAP.give_some_back() || HEAP.recycles() => {}
            result => break result.inspect_err(|_| refused::tell(layout.size(), kind))?,
        }
    };
    bytes(block.addr().get(), layout.size()).fill(byte);
    tell(block, layout.size(), at);
    Ok(block)
}

/// A block is its owner's from now on.
#[inline]
fn tell(block: NonNull<u8>, size: usize, at: Place) {
    if Kernel::wanted().contains(Kinds::ALLOCATIONS) {
        tell_allocated(block, size, at);
    }
}

#[cold]
#[inline(never)]
fn tell_allocated(block: NonNull<u8>, size: usize, at: Place) {
    Kernel::tell(What::Block(Block::Allocated { address: block.addr().get(), size }), at);
}

/// Does some `work` that allocates much, and of whose blocks none will ask when and on which way of calls they
/// were allocated: to walk it takes longer than all else. One task at a time does such.
pub fn without_ways<R>(work: impl FnOnce() -> R) -> R {
    HEAP.keeps_no_ways.store(true, Relaxed);
    let result = pocket::open(work);
    HEAP.keeps_no_ways.store(false, Relaxed);
    result
}

/// What is known of a block before there is one.
#[inline]
fn asked_for(kind: Kind, layout: Layout, at: Place) -> Allocation {
    let mut trace = [0; BACKTRACE];
    if !HEAP.keeps_no_ways.load(Relaxed) {
        backtrace::capture(&mut trace);
    }
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
    let told = account::ask(address, |record| {
        let Allocation { kind, allocated_at, size, .. } = record.allocation;
        // Of the others there are too many for the log, and few that anything is stored in that it has.
        (kind != Kind::Other || allocated_at.of_driver().is_some()).then_some(size)
    });
    let Some(size) = told.flatten() else { return give_up(address) };
    let what = What::Block(Block::Freed { address, size });
    let ticket = Kernel::tell(what, at);
    let freed = give_up(address);
    Kernel::told(ticket, if freed.is_ok() { Outcome::ZEROS } else { Outcome::Failed });
    freed
}

/// [`free`], told to none.
fn give_up(address: usize) -> Result<(), BadFree> {
    if HEAP.recycles.load(Relaxed) {
        experiment::recycling(|recycling| recycling.frees(next_serial()));
    }
    let shelf = HEAP.shelf_of(address);
    let (freed, _until_poisoned) = {
        let mut stock = shelf.lock();
        let stock = stock.as_mut().ok_or(BadFree::Unknown)?;
        // One that is kept is held until it is poisoned. Else the task that drops the last of the others
        // might give the block back before, and its next owner would find poison in it.
        let (freed, kept) = stock.free(address)?;
        if freed.manner == Manner::AtOnce && freed.size <= SMALL {
            bytes(address, freed.size).fill(POISON_FREED);
            // SAFETY: the ledger knew the block as live, and has forgotten it: it comes in once.
            unsafe { stock.take_in(address, freed.size) };
            return Ok(());
        }
        (freed, kept)
    };
    bytes(address, freed.size).fill(POISON_FREED);
    if freed.manner == Manner::AtOnce {
        let mut stock = shelf.lock();
        let stock = stock.as_mut().ok_or(BadFree::Unknown)?;
        // SAFETY: as above.
        unsafe { stock.take_in(address, freed.size) };
    }
    Ok(())
}
