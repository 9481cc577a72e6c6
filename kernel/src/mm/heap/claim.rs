//! Memory that is sure to be there.
//!
//! A library that is not ours asks nobody whether its vectors may grow. Whoever calls it claims as much as that may take
//! before: while the claim lasts, all others find so many bytes less in the heap.

use super::{HEAP, Heap, failing};
use crate::task::shortage;

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
