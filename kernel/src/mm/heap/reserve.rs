//! Memory for callers that cannot do without when there is none.
//!
//! A [`Box`](alloc::boxed::Box) or a [`String`](alloc::string::String) that gets no memory is a panic: Rust's
//! own allocations know no other answer. So when the heap has none they get it from here, and the running
//! task is [short](crate::mm::shortage) from then on. It goes on to the next place at which it can be told,
//! gives back what it has, and says that there is no memory. (Linux does the same for a task that it ends for
//! want of memory: that may use what is kept back, so that it comes to its end.)
//!
//! A caller that can be refused gets nothing of this: devices, which have their blocks by kind, and tasks
//! that go [without](crate::mm::shortage::without). Nor is anything large had from here: a caller that asks
//! for that has to take a refusal.

use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;

use kcore::errno::Errno;
use kcore::machine::{Kind, POISON_FRESH};
use kcore::place::Place;

use crate::frames;
use crate::mm::shortage;

use super::{Common, HEAP, bytes, whole};

/// The part of the heap's size that the reserve has besides: one in so many.
const PART: u64 = 16;
/// Bytes that it has at least, and at most.
const BYTES: Range<u64> = 64 << 10..1 << 20;
/// Bytes of it for each record of the ledger that is kept back for it.
const BYTES_PER_RECORD: u64 = 256;
/// Most bytes of a block.
const LARGEST: usize = 16 << 10;

/// The memory, and what was had of it.
pub(super) struct Reserve {
    holes: linked_list_allocator::Heap,
    /// Where it lies.
    extent: Range<usize>,
    /// Records of the ledger that are kept back for it.
    records: usize,
    /// Most bytes that were in use at once.
    most: usize,
}

/// Bytes of the reserve beside a heap of `size` bytes.
pub(super) fn size_beside(size: u64) -> u64 {
    (size / PART).clamp(BYTES.start, BYTES.end) & !0xfff
}

/// Records for a reserve of `size` bytes.
pub(super) fn records(size: u64) -> u64 {
    size / BYTES_PER_RECORD
}

impl Reserve {
    /// The reserve in the `size` bytes of physical memory at `bottom`.
    ///
    /// # Safety
    /// They are mapped by the window, and no other code uses them while the machine runs.
    pub(super) unsafe fn new(bottom: u64, size: u64) -> Self {
        let start = frames::pointer::<u8>(bottom);
        // SAFETY: the caller's promise.
        let holes = unsafe { linked_list_allocator::Heap::new(start, size as usize) };
        let extent = start.addr()..start.addr() + size as usize;
        Reserve { holes, extent, records: records(size) as usize, most: 0 }
    }

    /// Where it ends.
    pub(super) fn end(&self) -> usize {
        self.extent.end
    }

    /// Records that are not for others.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// Its holes, if the block at `address` is one of its.
    pub(super) fn holes_of(&mut self, address: usize) -> Option<&mut linked_list_allocator::Heap> {
        self.extent.contains(&address).then_some(&mut self.holes)
    }
}

impl Common {
    /// Memory of the reserve.
    fn take_reserved(&mut self, memory: Layout) -> Result<NonNull<u8>, Errno> {
        let base = self.reserve.holes.allocate_first_fit(memory).map_err(|()| Errno::ENOMEM)?;
        self.reserve.most = self.reserve.most.max(self.reserve.holes.used());
        Ok(base)
    }
}

/// A block for the running task, which is short from now on. [`Errno::ENOMEM`] when it goes without, when the
/// block is a large one, and when the reserve is used up.
pub(super) fn allocate(layout: Layout, at: Place) -> Result<NonNull<u8>, Errno> {
    if layout.size() > LARGEST || shortage::goes_without() {
        return Err(Errno::ENOMEM);
    }
    let layout = layout.align_to(super::ALIGN).map_err(|_| Errno::ENOMEM)?;
    let allocation = super::asked_for(Kind::Other, layout, at);
    let memory @ (whole, offset) = whole(layout)?;
    let base = HEAP.common.lock_irqsave().as_mut().ok_or(Errno::ENOMEM)?.take_reserved(whole)?;
    let block = {
        let mut stock = HEAP.shelf_of(base.addr().get() + offset).lock();
        let stock = stock.as_mut().ok_or(Errno::ENOMEM)?;
        stock.begin(base, memory, &allocation).inspect_err(|_| {
            if let Some(common) = HEAP.common.lock_irqsave().as_mut() {
                // SAFETY: it was taken just now, and no other CPU knows of it.
                unsafe { common.reserve.holes.deallocate(base, whole) };
            }
        })?
    };
    shortage::note();
    bytes(block.addr().get(), layout.size()).fill(POISON_FRESH);
    Ok(block)
}

/// How much of the reserve is in use, how much was at most, and how much there is, in bytes.
pub fn reserve() -> (usize, usize, usize) {
    super::with_all(|all| {
        let Reserve { holes, most, .. } = &all.common.reserve;
        (holes.used(), *most, holes.size())
    })
}

/// From now on the most that was in use counts anew.
pub fn forget_most() {
    super::with_all(|all| all.common.reserve.most = all.common.reserve.holes.used());
}
