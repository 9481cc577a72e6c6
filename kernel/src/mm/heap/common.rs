//! What all shelves share: the holes and the reserve.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;

use super::quarantine::Recycling;
use super::reserve::Reserve;
use super::{HEAP, give_back};

/// It, under `heap.lock`.
pub(super) struct Common {
    pub(super) holes: linked_list_allocator::Heap,
    /// For callers that cannot do without when all that is gone.
    pub(super) reserve: Reserve,
    /// Which tasks may still use what an experiment keeps, if that is known.
    pub(super) recycling: Option<Recycling>,
}

impl Common {
    /// Memory out of a hole.
    pub(super) fn take(&mut self, memory: Layout) -> Result<NonNull<u8>, Errno> {
        let base = self.holes.allocate_first_fit(memory).map_err(|()| Errno::ENOMEM)?;
        HEAP.free.store(self.holes.free(), Relaxed);
        Ok(base)
    }

    /// Makes a hole of memory again.
    ///
    /// # Safety
    /// It was [taken](Common::take) like this, it is given back once, and no task uses it any more.
    pub(super) unsafe fn give(&mut self, base: NonNull<u8>, memory: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.holes.deallocate(base, memory) };
        HEAP.free.store(self.holes.free(), Relaxed);
    }

    /// Makes a hole of a block again, of the heap or of the reserve.
    ///
    /// # Safety
    /// As for [`give_back`], out of any holes of the heap.
    pub(super) unsafe fn give_block(&mut self, address: usize, size: usize) {
        let holes = self.reserve.holes_of(address).unwrap_or(&mut self.holes);
        // SAFETY: the caller's promise; these are the holes where it lies.
        unsafe { give_back(holes, address, size) };
        HEAP.free.store(self.holes.free(), Relaxed);
    }
}
