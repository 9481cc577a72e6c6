//! Freed blocks that wait: in a queue until they may be handed out again, and then in bins, by size.
//!
//! A stale word on a stack or in the spare room of a `Vec` is no reference, but a search takes it for one as
//! soon as the block that it once named is handed out again. So the block that was freed first is given back
//! first, and only when those freed after it are many (KASAN's quarantine in Linux does so to catch uses
//! after free), or when memory runs out.
//!
//! A hole is found by a walk past all holes before it, and so is the place of a block that becomes one. So
//! blocks up to [`MOST`] bytes do not become holes as long as there is memory: the next of the same size is
//! taken from its bin, at once, and the holes stay few. When memory runs out all go back to the holes, where
//! neighbours become one.
//!
//! Queue and bins are linked through the blocks themselves, which kmemleak does not search.

use core::ptr::NonNull;

use kcore::machine::BlockSize;

use super::{ALIGN, pointer, room_for};

/// The most bytes that a block takes, with its size in front of it: a quantum of LDD3 is among them.
const MOST: usize = 4096;

/// The bins.
pub(super) struct Bins {
    /// The first block of each bin; 0 when it is empty. Bin `n` has those that take `n + 1` times the
    /// alignment.
    first: [usize; MOST / ALIGN],
    /// Bytes that all of them take from the holes.
    bytes: usize,
}

impl Bins {
    pub(super) const fn new() -> Self {
        Bins { first: [0; MOST / ALIGN], bytes: 0 }
    }

    /// Bytes that are free but for these bins.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a block in, if there is a bin for it; whether there is.
    ///
    /// # Safety
    /// It is a block of the heap that is freed, of which the ledger knows no more, and that no task uses.
    pub(super) unsafe fn push(&mut self, address: usize) -> bool {
        let block = pointer(address);
        // SAFETY: it is a block of the heap, and the heap has got it back.
        let (offset, taken) = unsafe { measure(block) };
        if offset != size_of::<BlockSize>() || taken > MOST {
            return false;
        }
        let first = &mut self.first[taken / ALIGN - 1];
        // SAFETY: the block is ours and aligned, and no block has room for less than a word.
        unsafe { block.cast::<usize>().write(*first) };
        *first = address;
        self.bytes += taken;
        true
    }

    /// The start of the memory of a block that takes `taken` bytes from the holes, a multiple of the
    /// alignment.
    pub(super) fn pop(&mut self, taken: usize) -> Option<NonNull<u8>> {
        let first = self.first.get_mut(taken / ALIGN - 1)?;
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(*first))?;
        // SAFETY: it is in the bin, so its first word is the link to the next one.
        *first = unsafe { block.cast::<usize>().read() };
        self.bytes -= taken;
        // SAFETY: its size is in front of it; there its memory begins.
        Some(unsafe { block.sub(size_of::<BlockSize>()) })
    }

    /// Any block, and its size. `None` when there is none.
    pub(super) fn pop_any(&mut self) -> Option<(usize, usize)> {
        let bin = self.first.iter().position(|&first| first != 0)?;
        let address = self.first[bin];
        self.pop((bin + 1) * ALIGN)?;
        // SAFETY: a block of the heap, with its size in front of it.
        Some((address, unsafe { BlockSize::of(pointer(address)) }))
    }
}

/// How far behind the start of its memory a block begins, and the bytes that it takes from the holes.
///
/// # Safety
/// It is a block of the heap, and the heap has got it back.
unsafe fn measure(block: NonNull<u8>) -> (usize, usize) {
    // SAFETY: the caller's promise.
    let offset = unsafe { BlockSize::offset_of(block) };
    // SAFETY: as above.
    let size = unsafe { BlockSize::of(block) };
    let room = room_for(offset + size, ALIGN).expect("it was allocated with this size");
    (offset, room.size())
}

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
