//! The block that holds the bytes: how long it is, it knows itself.

use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::bytes::SharedBytes;
use crate::errno::Errno;
use crate::machine::{Kind, Machine, POISON_FRESH};

/// A block of memory, which is freed when this is dropped. A caller that goes past its end is told so, and
/// does no harm.
pub(super) struct Buffer<M: Machine> {
    /// INVARIANT: from an allocation of `len` bytes that is not freed, and that no other owner frees.
    start: NonNull<u8>,
    len: usize,
    _machine: PhantomData<fn() -> M>,
}

// SAFETY: it owns its block, and no CPU is special to that.
unsafe impl<M: Machine> Send for Buffer<M> {}

impl<M: Machine> Buffer<M> {
    /// `len` bytes. [`Errno::ENOMEM`] when there are not so many.
    #[track_caller]
    pub(super) fn allocate(len: usize) -> Result<Self, Errno> {
        let start = M::allocate(Kind::Quantum, len)?;
        Ok(Buffer { start, len, _machine: PhantomData })
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Copies `from` to the bytes from `at` on, as far as there are any; how many of them lay past the end.
    pub(super) fn write(&self, at: usize, from: &[u8]) -> usize {
        let inside = self.inside(at, from.len());
        self.bytes().write(at.min(self.len), &from[..inside]);
        from.len() - inside
    }

    /// Copies the bytes from `at` on to `into`; how many of them lay past the end. These read as memory that
    /// no task has written.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> usize {
        let inside = self.inside(at, into.len());
        let (inner, outer) = into.split_at_mut(inside);
        self.bytes().read(at.min(self.len), inner);
        outer.fill(POISON_FRESH);
        outer.len()
    }

    /// How many of `count` bytes from `at` on are in the block.
    fn inside(&self, at: usize, count: usize) -> usize {
        count.min(self.len.saturating_sub(at))
    }

    fn bytes(&self) -> SharedBytes<'_> {
        // SAFETY: the block is `len` bytes long, aligned to 16, and lives as long as `self`. All accesses are
        // through such views; the machine's own, when it poisons the block, is of the same start and length.
        unsafe { SharedBytes::new(self.start, self.len) }
    }
}

impl<M: Machine> Drop for Buffer<M> {
    fn drop(&mut self) {
        // SAFETY: the block is this buffer's alone, and no view of it outlives a call.
        let freed = unsafe { M::free(self.start) };
        debug_assert!(freed.is_ok(), "the buffer of a pipe was freed by somebody else");
    }
}

/// What a pipe noticed of its own mistakes, in bytes. All 0 in the repaired edition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes that a read returned and that were not in the pipe: read already, or never written (R16).
    pub stale: u64,
    /// Bytes of reads and writes that lay past the end of the block (R18). Such a write changes nothing here;
    /// in the book's driver it lands in whatever comes next in memory.
    pub beyond: u64,
    /// Bytes that were in the pipe, unread, when an open set it back to its beginning (R18).
    pub forgotten: u64,
}
