//! The word of a spinlock: a [`Tas`](super::Tas), or nothing at all on a machine of one CPU.
//!
//! With one CPU the task or handler that keeps it keeps the lock: to switch preemption or interrupts off is
//! all that a spinlock does there, as in Linux without `CONFIG_SMP`. So the feature `smp` decides what a lock
//! is made of.

#[cfg(feature = "smp")]
pub(super) use super::tas::Tas as Word;

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
