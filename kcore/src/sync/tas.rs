//! One bit that is taken by test-and-set (LKD ch. 9; Intel SDM vol. 3A, 10.1.2.2).

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::machine::AtomicFlag;

/// The bit is free.
const CLEAR: bool = false;
/// The bit has an owner.
const SET: bool = true;

/// A bit that one CPU at a time can have.
///
/// ```text
///   CPU 0                         CPU 1
///   writes the protected data
///   clear: store(CLEAR, Release) ──► try_acquire: swap(SET, Acquire) reads CLEAR
///                                 sees the protected data
/// ```
#[derive(Debug)]
#[repr(transparent)]
pub struct Tas<F: AtomicFlag> {
    flag: F,
}

impl<F: AtomicFlag> Tas<F> {
    /// A bit made of a flag that the caller has made, so that a machine's own kind of flag can be used in a
    /// `const`. The flag's value is the bit's.
    #[inline]
    pub const fn from_flag(flag: F) -> Self {
        Tas { flag }
    }

    /// A bit that is clear.
    #[inline]
    pub fn new() -> Self {
        Tas::from_flag(F::new(CLEAR))
    }

    /// Sets the bit and returns whether it *was* set: `true` means that it has an owner already.
    ///
    /// `Acquire`: what the last owner did before its [`clear`](Tas::clear) is visible after this.
    #[inline]
    pub fn test_and_set(&self) -> bool {
        self.flag.swap(SET, Acquire)
    }

    /// [`test_and_set`](Tas::test_and_set) with a positive result: `true` means that the caller has the bit
    /// now.
    #[inline]
    #[must_use = "if it is true, the bit has to be cleared some day"]
    pub fn try_acquire(&self) -> bool {
        self.test_and_set() == CLEAR
    }

    /// Whether the bit is set at this moment. It orders nothing and may be outdated when it returns.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.flag.load(Relaxed)
    }

    /// Clears the bit. Only its owner does that.
    ///
    /// `Release`: what the owner did before is visible to the next owner. On x86 it is a plain `mov`.
    #[inline]
    pub fn clear(&self) {
        self.flag.store(CLEAR, Release);
    }
}

impl<F: AtomicFlag> Default for Tas<F> {
    fn default() -> Self {
        Tas::new()
    }
}

/// The word of a spinlock: a bit, or nothing at all on a machine of one CPU. With one CPU the task or handler
/// that keeps it keeps the lock: to switch preemption or interrupts off is all that a spinlock does there, as
/// in Linux without `CONFIG_SMP`. So the feature `smp` decides what a lock is made of.
#[cfg(feature = "smp")]
pub(super) use Tas as Word;

/// A word that takes no room, is never found taken, and costs no instruction.
#[cfg(not(feature = "smp"))]
#[derive(Debug)]
pub(super) struct Word<F> {
    _flag: core::marker::PhantomData<fn() -> F>,
}

#[cfg(not(feature = "smp"))]
impl<F> Word<F> {
    pub(super) const fn from_flag(flag: F) -> Self {
        core::mem::forget(flag);
        Word { _flag: core::marker::PhantomData }
    }

    #[inline(always)]
    pub(super) fn try_acquire(&self) -> bool {
        true
    }

    #[inline(always)]
    pub(super) fn is_set(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(super) fn clear(&self) {}
}
