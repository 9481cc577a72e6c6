//! The word of a reader/writer spinlock: a bit and a count; or nothing at all on a machine of one CPU.
//!
//! A writer keeps the bit for as long as it writes, and no reader comes or goes meanwhile: so it gives the
//! bit back by a plain store. A reader changes the count by one locked instruction when it comes, unless the
//! bit is set, and by one when it goes. Where readers are counted one by one, each has the bit for that
//! moment.

#[cfg(feature = "smp")]
pub(super) use several::{Brief, RwWord};

#[cfg(not(feature = "smp"))]
pub(super) use one::{Brief, RwWord};

/// More than one CPU.
#[cfg(feature = "smp")]
mod several {
    use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

    use crate::machine::Cpu;
    use crate::sync::atomic_word::{AtomicWord, LockedWord, Update};
    use crate::sync::environment::IrqSaved;

    /// What is off while a reader has the bit: an interrupt handler that reads, too, would wait for its own
    /// CPU.
    pub(in crate::sync) type Brief<M> = IrqSaved<M>;

    /// A CPU writes, or counts a reader. Below it is how many read.
    const BIT: usize = 1 << 32;
    /// The most that can.
    const MOST: usize = BIT - 1;

    pub(in crate::sync) struct RwWord<M: Cpu> {
        word: M::Word,
    }

    impl<M: Cpu> RwWord<M> {
        pub(in crate::sync) const fn from_word(word: M::Word) -> Self {
            RwWord { word }
        }

        /// One reader more, if no CPU has the bit and one more can be counted; and says whether there is.
        #[inline]
        pub(in crate::sync) fn come(&self) -> bool {
            let readers = self.word.load(Relaxed);
            readers < MOST && self.word.replace(readers, readers + 1, Acquire)
        }

        /// One reader fewer.
        #[inline]
        pub(in crate::sync) fn go(&self) {
            self.word.change(Update::Add, 1_usize.wrapping_neg(), Release);
        }

        /// Takes the bit if no CPU has it, and says how many read.
        #[inline]
        pub(in crate::sync) fn try_bit(&self) -> Option<usize> {
            let readers = self.word.load(Relaxed);
            (readers < BIT && self.word.replace(readers, readers | BIT, Acquire)).then_some(readers)
        }

        /// Gives the bit back, when so many read.
        #[inline]
        pub(in crate::sync) fn clear_bit(&self, readers: usize) {
            debug_assert!(readers < BIT, "one reader too many");
            self.word.store(readers, Release);
        }

        /// Takes the bit if no CPU has it and none reads; and says whether it did.
        #[inline]
        pub(in crate::sync) fn try_alone(&self) -> bool {
            self.word.replace(0, BIT, Acquire)
        }

        /// How many read at this moment.
        pub(in crate::sync) fn readers(&self) -> u32 {
            self.word.load(Relaxed) as u32
        }

        /// How many read, unless a CPU has the bit.
        pub(in crate::sync) fn unwritten(&self) -> Option<u32> {
            u32::try_from(self.word.load(Relaxed)).ok()
        }

        /// Whether a CPU has the bit at this moment.
        #[inline]
        pub(in crate::sync) fn is_bit_set(&self) -> bool {
            self.word.look() & BIT != 0
        }

        /// Whether a CPU has the bit, or reads, at this moment.
        #[inline]
        pub(in crate::sync) fn is_taken(&self) -> bool {
            self.word.look() != 0
        }
    }
}

/// One CPU: the task or handler that keeps it has the lock.
#[cfg(not(feature = "smp"))]
mod one {
    use core::marker::PhantomData;

    use crate::machine::Cpu;
    use crate::sync::environment::Environment;

    /// Nothing, as there is no bit.
    pub(in crate::sync) struct Brief<M> {
        _machine: PhantomData<fn() -> M>,
    }

    impl<M> Environment for Brief<M> {
        #[inline(always)]
        fn enter() -> Self {
            Brief { _machine: PhantomData }
        }
    }

    /// A word that takes no room, is never found taken, and costs no instruction.
    pub(in crate::sync) struct RwWord<M> {
        _machine: PhantomData<fn() -> M>,
    }

    impl<M: Cpu> RwWord<M> {
        pub(in crate::sync) const fn from_word(word: M::Word) -> Self {
            core::mem::forget(word);
            RwWord { _machine: PhantomData }
        }

        #[inline(always)]
        pub(in crate::sync) fn come(&self) -> bool {
            true
        }

        #[inline(always)]
        pub(in crate::sync) fn go(&self) {}

        #[inline(always)]
        pub(in crate::sync) fn try_bit(&self) -> Option<usize> {
            Some(1)
        }

        #[inline(always)]
        pub(in crate::sync) fn clear_bit(&self, _readers: usize) {}

        #[inline(always)]
        pub(in crate::sync) fn try_alone(&self) -> bool {
            true
        }

        #[inline(always)]
        pub(in crate::sync) fn readers(&self) -> u32 {
            0
        }

        #[inline(always)]
        pub(in crate::sync) fn unwritten(&self) -> Option<u32> {
            Some(0)
        }

        #[inline(always)]
        pub(in crate::sync) fn is_bit_set(&self) -> bool {
            false
        }

        #[inline(always)]
        pub(in crate::sync) fn is_taken(&self) -> bool {
            false
        }
    }
}
