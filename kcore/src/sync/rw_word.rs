//! The word of a reader/writer spinlock: a bit and a count; or nothing at all on a machine of one CPU.
//!
//! A writer keeps the bit for as long as it writes. A reader has it for a moment when it comes and when it
//! goes, to change the count. So no second atomic operation is needed, and a reader can always go: none keeps
//! the bit from it but a writer, and there is none while there are readers.

#[cfg(feature = "smp")]
pub(super) use several::{Brief, RwWord};

#[cfg(not(feature = "smp"))]
pub(super) use one::{Brief, RwWord};

/// More than one CPU.
#[cfg(feature = "smp")]
mod several {
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use crate::machine::AtomicFlag;
    use crate::sync::environment::IrqSaved;
    use crate::sync::tas::Tas;

    /// What is off while a reader has the bit: an interrupt handler that reads, too, would wait for its own
    /// CPU.
    pub(in crate::sync) type Brief<M> = IrqSaved<M>;

    #[derive(Debug)]
    pub(in crate::sync) struct RwWord<F: AtomicFlag> {
        /// Set while a writer writes, or while a reader or a writer looks at `readers`.
        bit: Tas<F>,
        /// Set while `readers` is not zero, for writers that wait. Written by the holder of `bit`.
        reading: Tas<F>,
        /// How many read, at most [`u32::MAX`]. Written by the holder of `bit`, by a load and a store.
        readers: AtomicU32,
    }

    impl<F: AtomicFlag> RwWord<F> {
        pub(in crate::sync) const fn from_flags(bit: F, reading: F) -> Self {
            RwWord { bit: Tas::from_flag(bit), reading: Tas::from_flag(reading), readers: AtomicU32::new(0) }
        }

        /// Takes the bit if it is free.
        pub(in crate::sync) fn try_bit(&self) -> bool {
            self.bit.try_acquire()
        }

        /// Gives the bit back.
        pub(in crate::sync) fn clear_bit(&self) {
            self.bit.clear();
        }

        /// One reader more, unless there are as many as can be counted; says whether there is. The caller has
        /// the bit.
        #[inline]
        pub(in crate::sync) fn come(&self) -> bool {
            let readers = self.readers.load(Relaxed);
            if readers == 0 {
                // No CPU contends for it: a test-and-set is just how a Tas is set.
                self.reading.test_and_set();
            }
            let Some(more) = readers.checked_add(1) else { return false };
            self.readers.store(more, Relaxed);
            true
        }

        /// One reader fewer. The caller has the bit.
        pub(in crate::sync) fn go(&self) {
            let readers = self.readers.load(Relaxed);
            self.readers.store(readers - 1, Relaxed);
            if readers == 1 {
                self.reading.clear();
            }
        }

        /// How many read. Exact for the holder of the bit.
        pub(in crate::sync) fn readers(&self) -> u32 {
            self.readers.load(Relaxed)
        }

        /// Whether a CPU writes, or looks at the count, at this moment.
        pub(in crate::sync) fn is_bit_set(&self) -> bool {
            self.bit.is_set()
        }

        /// Whether a CPU reads at this moment.
        pub(in crate::sync) fn is_read(&self) -> bool {
            self.reading.is_set()
        }

        /// As if there were so many readers.
        #[cfg(test)]
        pub(in crate::sync) fn set_readers(&self, readers: u32) {
            self.readers.store(readers, Relaxed);
            self.reading.test_and_set();
        }
    }
}

/// One CPU: the task or handler that keeps it has the lock.
#[cfg(not(feature = "smp"))]
mod one {
    use core::marker::PhantomData;

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
    #[derive(Debug)]
    pub(in crate::sync) struct RwWord<F> {
        _flags: PhantomData<fn() -> F>,
    }

    impl<F> RwWord<F> {
        pub(in crate::sync) const fn from_flags(bit: F, reading: F) -> Self {
            core::mem::forget((bit, reading));
            RwWord { _flags: PhantomData }
        }

        #[inline(always)]
        pub(in crate::sync) fn try_bit(&self) -> bool {
            true
        }

        #[inline(always)]
        pub(in crate::sync) fn clear_bit(&self) {}

        #[inline(always)]
        pub(in crate::sync) fn come(&self) -> bool {
            true
        }

        #[inline(always)]
        pub(in crate::sync) fn go(&self) {}

        #[inline(always)]
        pub(in crate::sync) fn readers(&self) -> u32 {
            0
        }

        #[inline(always)]
        pub(in crate::sync) fn is_bit_set(&self) -> bool {
            false
        }

        #[inline(always)]
        pub(in crate::sync) fn is_read(&self) -> bool {
            false
        }
    }
}
