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

use core::sync::atomic::Ordering::Relaxed;

use super::{HEAP, failing, with_all};
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
        with_all(|all| {
            let claimed = HEAP.claimed.load(Relaxed) + bytes;
            (all.free_bytes() >= claimed).then(|| HEAP.claimed.store(claimed, Relaxed))
        })?;
        shortage::has_claim(true);
        Some(Claim { bytes })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        shortage::has_claim(false);
        HEAP.claimed.fetch_sub(self.bytes, Relaxed);
    }
}

/// Does `work`, all of whose blocks are a library's that keeps them, or are gone when it is done. A block of ours
/// that stays is not made in it, neither by itself nor where a vector or a map of ours grows: what it leads to
/// would be called lost.
pub(crate) fn kept<R>(work: impl FnOnce() -> R) -> R {
    let before = shortage::keep(true);
    let result = work();
    before.map(shortage::keep);
    result
}
