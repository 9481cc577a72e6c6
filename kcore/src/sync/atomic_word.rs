//! A word that several CPUs load and store, with the order that each access asks for; and no
//! read-modify-write.
//!
//! What is built on the trait cannot reach for an atomic operation other than the one test-and-set, and loom
//! can put a word of its own below it.

use core::sync::atomic::{self, AtomicUsize, Ordering};

/// A word with loads and stores, each in one piece (Intel SDM vol. 3A, 10.1.1).
pub trait AtomicWord: Send + Sync {
    /// A word that holds `value`.
    fn new(value: usize) -> Self;
    /// Reads it.
    fn load(&self, order: Ordering) -> usize;
    /// Writes it.
    fn store(&self, value: usize, order: Ordering);
    /// Looks at it in a loop that waits for a change: what counts is the load after the loop.
    #[inline]
    fn look(&self) -> usize {
        self.load(Ordering::Relaxed)
    }
    /// Orders what comes before it against what comes after it (Linux: `smp_rmb`, `smp_wmb`). On x86
    /// `Acquire` and `Release` fences are no instruction: they keep the compiler from reordering, the CPU
    /// does not (TSO; Intel SDM vol. 3A, 10.2.2).
    fn fence(order: Ordering);
}

impl AtomicWord for AtomicUsize {
    #[inline]
    fn new(value: usize) -> Self {
        AtomicUsize::new(value)
    }
    #[inline]
    fn load(&self, order: Ordering) -> usize {
        AtomicUsize::load(self, order)
    }
    #[inline]
    fn store(&self, value: usize, order: Ordering) {
        AtomicUsize::store(self, value, order);
    }
    #[inline]
    fn fence(order: Ordering) {
        atomic::fence(order);
    }
}
