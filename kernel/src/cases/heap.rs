//! The heap: poison, bad frees, and memory that runs out.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;

use kcore::errno::Errno;
use kcore::machine::{BadFree, Kind, POISON_FRESH};
use kcore::place::Place;

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::smp;
use crate::console::log;
use crate::mm::heap;

crate::case! {
    "heap::poison-when-allocated" => poison;
    "heap::blocks-are-aligned" => aligned;
    "heap::odd-layouts" => odd_layouts;
    "heap::leaves-no-splinters" => no_splinters;
    "heap::unknown-free-is-found" => unknown_free;
    "heap::no-memory-loses-nothing" => no_memory;
    "heap::exhausted-and-recovered" => exhaust;
    "heap::all-cpus-at-once" => everybody;
    "heap::impossible-sizes" => impossible;
    "heap::ledger-grows" => ledger_grows;
    "heap::refusals-are-told" => refusals;
}

/// A quantum of `size` bytes.
pub(super) fn allocate(size: usize) -> Result<NonNull<u8>, Errno> {
    let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::ENOMEM)?;
    heap::allocate(Kind::Quantum, layout, Place::caller())
}

/// Gives a block of a case back, or tries to.
pub(super) fn free(block: NonNull<u8>) -> Result<(), BadFree> {
    // SAFETY: the cases keep no references into their blocks.
    unsafe { heap::free(block, Place::caller()) }
}

/// What the first bytes of a recorded block are.
pub(super) fn bytes<const N: usize>(block: NonNull<u8>) -> Option<[u8; N]> {
    heap::lookup(block.addr().get()).map(|record| heap::first_bytes(&record))
}

fn poison() -> Answer {
    let block = allocate(100).map_err(|errno| errno.to_string())?;
    let first = bytes::<100>(block);
    same("freeing", free(block), Ok(()))?;
    same("a fresh block", first, Some([POISON_FRESH; 100]))
}

fn aligned() -> Answer {
    let sizes = [1, 7, 8, 15, 16, 17, 100, 4000, 4097];
    let blocks = sizes.map(allocate);
    let all = blocks.iter().flatten().all(|block| block.addr().get().is_multiple_of(16));
    let freed = blocks.iter().flatten().filter(|block| free(**block).is_ok()).count();
    same("blocks allocated and freed", freed, sizes.len())?;
    holds("every block is aligned to 16", all)
}

/// Sizes that are no multiples of the alignment, and alignments that are rare: each block is where it must
/// be, and all are given back to the last byte, whatever waits for the next one of its size.
fn odd_layouts() -> Answer {
    let free_before = heap::room().free;
    for round in 0..3 {
        for align in [1, 16, 64, 4096] {
            for size in [1, 24, 100, 4000] {
                let layout = Layout::from_size_align(size, align).map_err(|error| error.to_string())?;
                let block = heap::allocate(Kind::Quantum, layout, Place::caller())
                    .map_err(|errno| errno.to_string())?;
                let aligned = block.addr().get().is_multiple_of(align.max(16));
                same("freeing", free(block), Ok(()))?;
                holds(&format!("round {round}: {size} bytes are aligned to {align}"), aligned)?;
            }
        }
        // All that waits is made holes of.
        same("more than there is", allocate(heap::room().size()), Err(Errno::ENOMEM))?;
    }
    same("bytes that are free", heap::room().free, free_before)
}

/// Blocks whose size is no multiple of the alignment stand next to each other all the same. A gap between two
/// of them would be too small for anything, and each allocation from then on would have to walk past it.
fn no_splinters() -> Answer {
    /// As long as a block with its prefix, and the alignment, make it.
    const STRIDE: usize = 48;
    const BLOCKS: usize = 256;
    let mut blocks = Vec::with_capacity(BLOCKS);
    blocks.extend((0..BLOCKS).map_while(|_| allocate(24).ok()));
    let mut addresses: Vec<usize> = blocks.iter().map(|block| block.addr().get()).collect();
    addresses.sort_unstable();
    let neighbours = addresses.windows(2).filter(|pair| pair[1] - pair[0] == STRIDE).count();
    let freed = blocks.iter().filter(|block| free(**block).is_ok()).count();
    same("blocks allocated and freed", freed, BLOCKS)?;
    // The first few may fill holes that were there before.
    holds("nearly all have a neighbour", neighbours > BLOCKS / 2)
}

fn unknown_free() -> Answer {
    let before = heap::snapshot();
    let block = allocate(64).map_err(|errno| errno.to_string())?;
    let inside = block.map_addr(|address| address.saturating_add(16));
    same("freeing the middle of a block", free(inside), Err(BadFree::Unknown))?;
    same("freeing the block", free(block), Ok(()))?;
    // Outside of an experiment nothing is remembered of a block that was freed.
    same("freeing it once more", free(block), Err(BadFree::Unknown))?;
    same("unknown frees", (heap::snapshot() - before).unknown_free, 2)?;
    same(
        "live quanta",
        heap::live().scull.quantum,
        (before.allocated - before.freed - before.reclaimed).scull.quantum,
    )
}

fn no_memory() -> Answer {
    let before = heap::snapshot();
    for size in [1 << 40, usize::MAX / 4, isize::MAX as usize - 4096] {
        same("an allocation that cannot be", allocate(size), Err(Errno::ENOMEM))?;
    }
    same("what changed", heap::snapshot() - before, Default::default())
}

fn impossible() -> Answer {
    let mut vector = Vec::<u8>::new();
    holds("no vector gets all memory", vector.try_reserve_exact(isize::MAX as usize).is_err())?;
    holds("and one gets a little", vector.try_reserve_exact(10).is_ok())
}

/// More small blocks than the ledger has room for at first: it takes more memory, and all are in the account.
fn ledger_grows() -> Answer {
    let (live, wanted) = (heap::live().scull.quantum, heap::room().records + 1000);
    // Each leads to the one before: a list of them would be a large block.
    let (mut last, mut had) = (None, 0);
    while had < wanted
        && let Ok(block) = allocate(16)
    {
        // SAFETY: the block is the case's, aligned to 16, and has room for a pointer.
        unsafe { block.cast().write(last) };
        (last, had) = (Some(block), had + 1);
    }
    let room = heap::room().free;
    let alive = heap::live().scull.quantum - live;
    let counted = heap::with_ledger(|ledger| ledger.live_since(0)).scull.quantum - live;
    let mut freed = 0;
    while let Some(block) = last {
        // SAFETY: it was written above.
        last = unsafe { block.cast().read() };
        freed += usize::from(free(block).is_ok());
    }
    same("blocks that were had, and freed", (had, freed), (wanted, wanted))
        .map_err(|why| format!("{why}, with {room} bytes free then"))?;
    same("blocks alive, by the counters and one by one", (alive, counted), (wanted as u64, wanted as u64))?;
    same("blocks alive after all", heap::live().scull.quantum, live)
}

/// What is refused is told in the kernel's log; of many refusals some.
fn refusals() -> Answer {
    let told = || {
        let mut lines = 0;
        let counted = log::visit(|_, _, line| {
            lines += u32::from(line.starts_with("heap: no memory for 1099511627776 bytes (quantum): "));
            Ok(())
        });
        counted.map(|_| lines).map_err(|errno| errno.to_string())
    };
    let before = told()?;
    for _ in 0..1 << 16 {
        same("a refusal", allocate(1 << 40), Err(Errno::ENOMEM))?;
        if told()? > before {
            return Ok(());
        }
    }
    Err("no line of the log tells".to_string())
}

/// Takes everything in blocks of one size, then gives it back: the second time there is as much as the first.
fn exhaust() -> Answer {
    let live = heap::live().scull;
    let mut room = Vec::with_capacity(64);
    let size = largest()? / 8;
    let first = fill(&mut room, size);
    let second = fill(&mut room, size);
    holds("there were at least 8 blocks", first >= 8)?;
    same("blocks of the second time", second, first)?;
    same("live blocks of scull", heap::live().scull, live)
}

/// The largest power of two that there is a block of.
pub(super) fn largest() -> Result<usize, &'static str> {
    let mut sizes = (12..40).rev().map(|bits| 1_usize << bits);
    sizes
        .find(|&size| allocate(size).is_ok_and(|block| free(block).is_ok()))
        .ok_or("not even a page can be had")
}

/// How many blocks of `size` there are, up to the capacity of `room`.
fn fill(room: &mut Vec<NonNull<u8>>, size: usize) -> usize {
    while room.len() < room.capacity()
        && let Ok(block) = allocate(size)
    {
        room.push(block);
    }
    room.drain(..).filter(|block| free(*block).is_ok()).count()
}

/// Every CPU allocates, writes, checks and frees: no other CPU's bytes, and nothing is left.
fn everybody() -> Answer {
    let live = heap::live().scull;
    let right = crew::count(|cpu| {
        (0..300_usize).all(|round| {
            let mut vector = Vec::new();
            let length = 1 + (round * 37 + cpu as usize * 11) % 500;
            vector.resize(length, cpu as u8);
            let quantum = allocate(length);
            let whole = vector.iter().all(|&byte| byte == cpu as u8);
            whole && quantum.is_ok_and(|block| free(block).is_ok())
        })
    })?;
    same("CPUs whose bytes stayed theirs", right, smp::cpus())?;
    same("live blocks of scull", heap::live().scull, live)
}
