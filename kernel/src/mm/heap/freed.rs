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
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::machine::BlockSize;

use super::{ALIGN, pointer, room_of};

/// The most bytes that a block takes, with its size in front of it: a quantum of LDD3 is among them.
const MOST: usize = 4096;

/// The first block of each bin; 0 when it is empty. Bin `n` has those that take `n + 1` times the alignment.
/// Written under the lock of the shelf.
pub(super) struct Heads([AtomicUsize; MOST / ALIGN]);

impl Heads {
    pub(super) const fn new() -> Self {
        Heads([const { AtomicUsize::new(0) }; MOST / ALIGN])
    }

    /// Whether there is a block that takes `taken` bytes, a multiple of the alignment. It may be gone at
    /// once.
    #[inline]
    pub(super) fn has(&self, taken: usize) -> bool {
        self.0.get(taken / ALIGN - 1).is_some_and(|first| first.load(Relaxed) != 0)
    }
}

/// The bins of a shelf.
pub(super) struct Bins {
    heads: &'static Heads,
    /// Bytes that all of them take from the holes.
    bytes: usize,
}

impl Bins {
    /// Empty ones, which begin at `heads`; there are no others there.
    pub(super) fn of(heads: &'static Heads) -> Self {
        Bins { heads, bytes: 0 }
    }

    /// Bytes that are free but for these bins.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a block in, if there is a bin for it; whether there is.
    ///
    /// # Safety
    /// It is a block of the heap, `size` bytes long, that is freed, of which the ledger knows no more, and
    /// that no task uses.
    pub(super) unsafe fn push(&mut self, address: usize, size: usize) -> bool {
        let block = pointer(address);
        // SAFETY: it is a block of the heap, and the heap has got it back.
        let (offset, taken) = unsafe { measure(block, size) };
        if offset != size_of::<BlockSize>() || taken > MOST {
            return false;
        }
        let first = &self.heads.0[taken / ALIGN - 1];
        // SAFETY: the block is ours and aligned, and no block has room for less than a word.
        unsafe { block.cast::<usize>().write(first.load(Relaxed)) };
        first.store(address, Relaxed);
        self.bytes += taken;
        true
    }

    /// The start of the memory of a block that takes `taken` bytes from the holes, a multiple of the
    /// alignment.
    pub(super) fn pop(&mut self, taken: usize) -> Option<NonNull<u8>> {
        let first = self.heads.0.get(taken / ALIGN - 1)?;
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(first.load(Relaxed)))?;
        // SAFETY: it is in the bin, so its first word is the link to the next one.
        first.store(unsafe { block.cast::<usize>().read() }, Relaxed);
        self.bytes -= taken;
        // SAFETY: its size is in front of it; there its memory begins.
        Some(unsafe { block.sub(size_of::<BlockSize>()) })
    }

    /// Any block, and its size. `None` when there is none.
    pub(super) fn pop_any(&mut self) -> Option<(usize, usize)> {
        let bin = self.heads.0.iter().position(|first| first.load(Relaxed) != 0)?;
        let address = self.heads.0[bin].load(Relaxed);
        self.pop((bin + 1) * ALIGN)?;
        // SAFETY: a block of the heap, with its size in front of it.
        Some((address, unsafe { BlockSize::of(pointer(address)) }))
    }
}

/// How far behind the start of its memory a block of `size` bytes begins, and the bytes that it takes from
/// the holes.
///
/// # Safety
/// It is a block of the heap, and the heap has got it back.
#[inline]
unsafe fn measure(block: NonNull<u8>, size: usize) -> (usize, usize) {
    // SAFETY: the caller's promise.
    let offset = unsafe { BlockSize::offset_of(block) };
    (offset, room_of(offset + size))
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

impl Delayed {
    /// Bytes that are free but for this queue.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a block.
    ///
    /// # Safety
    /// It is a block of the heap, `size` bytes long, that is freed, of which the ledger knows no more, and
    /// that no task uses.
    pub(super) unsafe fn push(&mut self, address: usize, size: usize) {
        let block = pointer(address);
        // SAFETY: the block is ours and aligned, and no block has room for less than a word.
        unsafe { block.cast::<usize>().write(0) };
        match self.last {
            0 => self.first = address,
            // SAFETY: so is the one before it, which is in the queue.
            last => unsafe { pointer(last).cast::<usize>().write(address) },
        }
        self.last = address;
        // SAFETY: it is a block of the heap, and the heap has got it back.
        self.bytes += unsafe { measure(block, size) }.1;
    }

    /// The block that was freed first, and its size. `None` when there is none.
    pub(super) fn pop(&mut self) -> Option<(usize, usize)> {
        let address = self.first;
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut::<u8>(address))?;
        // SAFETY: a block of the heap, with its size in front of it.
        let size = unsafe { BlockSize::of(block) };
        // SAFETY: it is a block of the heap, and the heap has got it back.
        self.bytes -= unsafe { measure(block, size) }.1;
        // SAFETY: it is in the queue, so its first word is the link to the next one.
        self.first = unsafe { block.cast::<usize>().read() };
        if self.first == 0 {
            self.last = 0;
        }
        Some((address, size))
    }
}
