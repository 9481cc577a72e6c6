//! The doors of the heap: what the ideas of `kcore` get, and what Rust's `alloc` gets.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use kcore::errno::Errno;
use kcore::machine::{BadFree, BlockSize, Kind, Memory};
use kcore::place::Place;

use crate::machine::{Kernel, STEP};

use super::{Quarantine, allocate, allocate_filled, free, pocket, reserve};
use crate::mm::shortage;

// SAFETY: blocks come from the heap, whose allocator gives disjoint blocks aligned to 16; scull blocks of a
// running experiment stay in quarantine after they were freed (`Experiment`), and so do those that are
// freed while a task keeps them (`Quarantine`).
unsafe impl Memory for Kernel {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::ENOMEM)?;
        allocate(kind, layout, Place::caller())
    }

    #[track_caller]
    #[inline(never)] // or the calls of both become one, of no line
    fn allocate_zeroed(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::ENOMEM)?;
        allocate_filled(kind, layout, 0, Place::caller())
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        // SAFETY: the caller's promise is the same.
        unsafe { free(block, Place::caller()) }
    }

    #[inline]
    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: the heap writes the size in front of each block, and a fence behind it.
        unsafe { BlockSize::of(block) }
    }

    fn refusable<R>(work: impl FnOnce() -> R) -> R {
        shortage::without(work)
    }

    type Keep = Quarantine;

    fn keep() -> Quarantine {
        Quarantine::hold()
    }
}

/// The heap as Rust's `alloc` sees it: blocks of [`Kind::Other`].
struct Global;

#[global_allocator]
static GLOBAL: Global = Global;

// SAFETY: `allocate` gives blocks of the layout's size and alignment that no other owner has; `free` takes
// them back once.
unsafe impl GlobalAlloc for Global {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        STEP.call();
        let at = Place::caller();
        if let Some(block) = pocket::take(layout, at) {
            return block.as_ptr();
        }
        let block = allocate(Kind::Other, layout, at).or_else(|_| reserve::allocate(layout, at));
        block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let block = NonNull::new(block).expect("dealloc is given what alloc returned");
        if pocket::put(block, layout) {
            return;
        }
        // SAFETY: the caller of `dealloc` gives the block up.
        let freed = unsafe { free(block, Place::caller()) };
        assert!(freed.is_ok(), "a block of the kernel's own was freed twice or never allocated: {block:?}");
    }
}
