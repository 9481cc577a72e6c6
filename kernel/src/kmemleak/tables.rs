//! The memory of a search: frames of its own, so that it is neither searched nor allocated while the world
//! stands still.

use core::mem::MaybeUninit;

use kcore::leak::{Blocks, Entry, groups_for};

use crate::frames;
use crate::mm::heap;

/// Room for every block that the ledger has room for, in a heap of its size. `None` when the machine has no
/// memory for it. Frames are never given back, so this is called once.
pub(super) fn tables() -> Option<Blocks<'static>> {
    let heap = heap::extent();
    let groups = groups_for(heap.end - heap.start);
    let entries = heap::with_ledger(|ledger| ledger.capacity());
    Some(Blocks::new(slice(groups, 0)?, slice(groups, 0)?, slice(groups, 0)?, slice(entries, Entry::EMPTY)?))
}

fn slice<T: Copy>(length: usize, value: T) -> Option<&'static mut [T]> {
    let start = frames::allocate_contiguous((length * size_of::<T>()) as u64)?;
    let start = frames::pointer::<MaybeUninit<T>>(start);
    // SAFETY: these frames are ours from now on, mapped by the window, aligned to a page, and `MaybeUninit`
    // needs no initialising.
    let slice = unsafe { core::slice::from_raw_parts_mut(start, length) };
    for place in slice.iter_mut() {
        place.write(value);
    }
    // SAFETY: all of it was written just now.
    Some(unsafe { slice.assume_init_mut() })
}
