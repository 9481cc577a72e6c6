//! The memory of this machine, as the ideas of `kcore` see it.

use core::alloc::Layout;
use core::panic::Location;
use core::ptr::NonNull;

use kcore::errno::Errno;
use kcore::machine::{BadFree, BlockSize, Kind, Memory};

use crate::machine::Kernel;

use super::{heap, shortage};

// SAFETY: blocks come from the heap, whose allocator gives disjoint blocks aligned to 16; scull blocks of a
// running experiment stay in quarantine after they were freed (`heap::Experiment`), and so do those that are
// freed while a task keeps them (`heap::Quarantine`).
unsafe impl Memory for Kernel {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::ENOMEM)?;
        heap::allocate(kind, layout, Location::caller())
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        // SAFETY: the caller's promise is the same.
        unsafe { heap::free(block, Location::caller()) }
    }

    #[inline]
    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: the heap writes the size in front of each block, and a fence behind it.
        unsafe { BlockSize::of(block) }
    }

    fn refusable<R>(work: impl FnOnce() -> R) -> R {
        shortage::without(work)
    }

    type Keep = heap::Quarantine;

    fn keep() -> heap::Quarantine {
        heap::Quarantine::hold()
    }
}
