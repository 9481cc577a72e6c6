//! The blocks of drivers while they are explored: each access is held against them.
//!
//! What is freed is kept until the execution is over, so that no other block has its memory, and a use of it
//! is known as one, also where it does no harm this time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::ptr::{self, NonNull};

use kcore::bytes::SharedBytes;
use kcore::class;
use kcore::event::{Block as Event, Events, Kinds, What};
use kcore::machine::POISON_FREED;
use kcore::place::Place;
use kcore::report::place;

use super::again::Lost;
use super::finding::{Wrong, wrong};
use super::later;
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;

/// A block, from its allocation to the end of the execution.
#[derive(Clone, Copy)]
struct Block {
    /// The how-manieth of the execution it is.
    number: usize,
    address: usize,
    size: usize,
    allocated_at: Place,
    freed_at: Option<Place>,
}

/// By address, while an execution is under way.
static BLOCKS: SpinLock<Option<Vec<Block>>> = SpinLock::new(class!("blocks of drivers"), None);

/// Bytes behind each block that none may touch.
pub(super) const BEYOND: usize = 64;

impl Block {
    /// Its bytes, and those around it that are no other's.
    fn surrounds(&self, address: usize) -> bool {
        (self.address - BEYOND / 4..self.address + self.size + BEYOND).contains(&address)
    }

    fn told(&self) -> String {
        let freed = self.freed_at.map_or_else(String::new, |at| format!(" and freed at {}", place(at)));
        format!("a block of {} bytes that was allocated at {}{freed}", self.size, place(self.allocated_at))
    }
}

/// Whether they are kept account of.
pub(super) fn are_kept() -> bool {
    BLOCKS.lock_irqsave().is_some()
}

/// An execution begins.
pub(super) fn begin() {
    later::begin();
    let blocks = Vec::with_capacity(64);
    *BLOCKS.lock_irqsave() = Some(blocks);
}

/// It is over: all is freed, and what was not is lost; what was allocated first comes first, wherever it lies.
pub(super) fn end() -> Vec<Lost> {
    let mut blocks = BLOCKS.lock_irqsave().take().unwrap_or_default();
    blocks.sort_unstable_by_key(|block| block.number);
    for block in &blocks {
        let start = NonNull::new(ptr::with_exposed_provenance_mut(block.address)).expect("no block is at 0");
        // SAFETY: it is a driver's, which has ended, and none of whose code runs; and was kept until now.
        let freed = unsafe { heap::free(start, Place::caller()) };
        debug_assert!(freed.is_ok(), "it was live");
    }
    let lost = |block: &Block| Lost { address: block.address, size: block.size, at: block.allocated_at };
    blocks.iter().filter(|block| block.freed_at.is_none()).map(lost).collect()
}

/// A block is a driver's from now on.
pub(super) fn allocated(address: usize, size: usize, allocated_at: Place) {
    if let Some(blocks) = BLOCKS.lock_irqsave().as_mut() {
        let index = blocks.partition_point(|block| block.address < address);
        blocks.insert(index, Block { number: blocks.len(), address, size, allocated_at, freed_at: None });
    }
}

/// The block that begins at `address`.
fn find(address: usize) -> Option<Block> {
    let blocks = BLOCKS.lock_irqsave();
    let blocks = blocks.as_ref()?;
    blocks.binary_search_by_key(&address, |block| block.address).ok().map(|index| blocks[index])
}

/// The size of the block that begins at `address`.
pub(super) fn size(address: usize) -> Option<usize> {
    find(address).map(|block| block.size)
}

/// A driver frees what is at `address`, by the function `name`.
pub(super) fn free(address: usize, name: &str, at: Place) {
    if let Some(Block { size, .. }) = find(address)
        && Kernel::wanted().contains(Kinds::BLOCKS)
    {
        Kernel::tell(What::Block(Event::Freed { address, size }), at);
    }
    match find(address) {
        None => wrong(Wrong::Free, |text| write!(text, "{name} at {}: no block begins there", place(at))),
        Some(block @ Block { freed_at: Some(_), .. }) => {
            wrong(Wrong::Twice, |text| write!(text, "{name} at {} of {}", place(at), block.told()));
        }
        Some(Block { size, .. }) => {
            if let Some(blocks) = BLOCKS.lock_irqsave().as_mut() {
                let of = |block: &&mut Block| block.address == address;
                blocks.iter_mut().find(of).into_iter().for_each(|block| block.freed_at = Some(at));
            }
            let start =
                NonNull::new(ptr::with_exposed_provenance_mut::<u8>(address)).expect("no block is at 0");
            // SAFETY: the block is this long, aligned to 16, and the driver's until the execution is over.
            unsafe { SharedBytes::new(start, size) }.fill(POISON_FREED);
        }
    }
}

/// A driver is about to use so many bytes, for what is called so, there.
pub(super) fn check(
    address: usize,
    size: usize,
    stores: bool,
    place: impl FnOnce() -> (&'static str, Place),
) {
    let block = {
        let blocks = BLOCKS.lock_irqsave();
        let Some(blocks) = blocks.as_ref() else { return };
        let after = blocks.partition_point(|block| block.address <= address);
        let near = blocks[..after].last().filter(|block| block.surrounds(address));
        let near = near.or_else(|| blocks.get(after).filter(|block| block.surrounds(address + size - 1)));
        near.copied()
    };
    let Some(block) = block else { return };
    let end = block.address + block.size;
    let is_inside = address >= block.address && address + size <= end;
    let kind = match block.freed_at {
        None if is_inside => return,
        Some(_) if is_inside => Wrong::Use,
        _ => Wrong::Beyond,
    };
    wrong(kind, |text| {
        let (site, at) = place();
        let what = if stores { "written" } else { "read" };
        write!(text, "{size} bytes are {what} for {site} at {}, ", self::place(at))?;
        match address.checked_sub(block.address) {
            Some(offset) => write!(text, "{offset} bytes from the start of {}", block.told()),
            None => write!(text, "{} bytes before {}", block.address - address, block.told()),
        }
    });
}
