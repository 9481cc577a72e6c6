//! What Rust's `alloc` gets.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::Location;
use core::ptr::NonNull;

use kcore::machine::Kind;

use super::{allocate, free, reserve};
use crate::machine::STEP;

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
        let at = Location::caller();
        let block = allocate(Kind::Other, layout, at).or_else(|_| reserve::allocate(layout, at));
        block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        let block = NonNull::new(block).expect("dealloc is given what alloc returned");
        // SAFETY: the caller of `dealloc` gives the block up.
        let freed = unsafe { free(block, Location::caller()) };
        assert!(freed.is_ok(), "a block of the kernel's own was freed twice or never allocated: {block:?}");
    }
}
