//! Memory of a library that is not ours: it asks no caller whether its vectors may grow, and keeps some for
//! ever.
//!
//! Its caller claims as much as that may take before: while the [`Claim`] lasts, all others find so
//! many bytes less in the heap.
//!
//! What it [keeps](kept), as the line tables are, was made of values that were moved about, with room in them
//! that was never written, where lies what the stack had there before: addresses of blocks that are gone.
//! Whatever gets such an address afterwards would never be found lost, as long as these blocks are searched
//! word by word. They lead to nothing but one another, so they are not searched; nor are they reported.

use super::{HEAP, Heap, failing};
use crate::mm::shortage;

/// The running task has so much memory for sure, until this is dropped.
#[derive(Debug)]
#[must_use = "the claim lasts until this is dropped, which is at once"]
pub struct Claim {
    bytes: usize,
}

impl Claim {
    /// A claim on `bytes` bytes. [`None`] when not so many are free, and to a task that has one already.
    pub fn on(bytes: usize) -> Option<Claim> {
        if failing::is_armed() {
            return None;
        }
        {
            let mut heap = HEAP.lock_irqsave();
            let heap = heap.as_mut()?;
            if heap.free_bytes() < heap.claimed + bytes {
                return None;
            }
            heap.claimed += bytes;
        }
        shortage::has_claim(true);
        Some(Claim { bytes })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        shortage::has_claim(false);
        if let Some(heap) = HEAP.lock_irqsave().as_mut() {
            heap.claimed -= self.bytes;
        }
    }
}

impl Heap {
    /// Bytes that are free, or become so when they are wanted.
    pub(super) fn free_bytes(&self) -> usize {
        self.holes.free() + self.delayed.bytes() + self.bins.bytes()
    }

    /// Whether a block of `size` bytes would be cut out of what others claim.
    pub(super) fn is_claimed(&self, size: usize) -> bool {
        self.claimed > 0 && self.free_bytes() < self.claimed.saturating_add(size) && !shortage::is_sure()
    }
}

/// Does `work`, all of whose blocks are a library's that keeps them, or are gone when it is done.
pub(crate) fn kept<R>(work: impl FnOnce() -> R) -> R {
    let before = shortage::keep(true);
    let result = work();
    before.map(shortage::keep);
    result
}
