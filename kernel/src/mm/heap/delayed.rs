//! Freed blocks that are handed out again as late as possible.
//!
//! A stale word on a stack or in the spare room of a `Vec` is no reference, but a search takes it for one as
//! soon as the block that it once named is handed out again. So the block that was freed first is given back
//! first, and only when those freed after it are many (KASAN's quarantine in Linux does so to catch uses
//! after free), or when memory runs out.
//!
//! The queue is linked through the blocks themselves, which kmemleak does not search.

use core::ptr::NonNull;

use kcore::machine::BlockSize;

use super::bins::measure;
use super::pointer;

/// The queue.
#[derive(Default)]
pub(super) struct Delayed {
    /// The block that was freed first; 0 when there is none.
    first: usize,
    last: usize,
    /// Bytes that they take from the holes.
    bytes: usize,
}

/// Bytes that a block takes from the holes.
fn taken(block: NonNull<u8>) -> usize {
    // SAFETY: it is a block of the heap, and the heap has got it back.
    unsafe { measure(block) }.1
}

impl Delayed {
    /// Bytes that are free but for this queue.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a block.
    ///
    /// # Safety
    /// It is a block of the heap that is freed, of which the ledger knows no more, and that no task uses.
    pub(super) unsafe fn push(&mut self, address: usize) {
        let block = pointer(address);
        // SAFETY: the block is ours and aligned, and no block has room for less than a word.
        unsafe { block.cast::<usize>().write(0) };
        match self.last {
            0 => self.first = address,
            // SAFETY: so is the one before it, which is in the queue.
            last => unsafe { pointer(last).cast::<usize>().write(address) },
        }
        self.last = address;
        self.bytes += taken(block);
    }

    /// The block that was freed first, and its size. `None` when there is none.
    pub(super) fn pop(&mut self) -> Option<(usize, usize)> {
        let address = self.first;
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(address))?;
        self.bytes -= taken(block);
        // SAFETY: it is in the queue, so its first word is the link to the next one.
        self.first = unsafe { block.cast::<usize>().read() };
        if self.first == 0 {
            self.last = 0;
        }
        // SAFETY: a block of the heap, with its size in front of it.
        Some((address, unsafe { BlockSize::of(block) }))
    }
}
