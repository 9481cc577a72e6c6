//! Bits that are changed one by one, each as a whole (LDD3 ch. 5, "Bit Operations"; LKD ch. 10, "Atomic
//! Bitwise Operations").
//!
//! Bit 0 is the lowest of the first word, as in Linux. Two CPUs that change different bits of one word do not
//! disturb each other, which a load, an `or` and a store would not give. Each change is one locked
//! instruction of the CPU.
//!
//! Every change acquires and releases: [`test_and_set_bit`](Bits::test_and_set_bit) and
//! [`clear_bit`](Bits::clear_bit) make a lock of a bit, as the book shows.

use core::fmt;
use core::sync::atomic::AtomicUsize;

use crate::machine::Cpu;
use crate::sync::atomic_word::{AtomicWord, Update, change, look};

/// Bits in a word.
const BITS: usize = usize::BITS as usize;

/// `WORDS` words of bits.
///
/// Each method panics when its bit is not in them.
pub struct Bits<M: Cpu, const WORDS: usize> {
    words: [M::Word; WORDS],
}

impl<M: Cpu<Word = AtomicUsize>, const WORDS: usize> Bits<M, WORDS> {
    /// Bits that are all clear.
    pub const fn new() -> Self {
        Bits { words: [const { AtomicUsize::new(0) }; WORDS] }
    }
}

impl<M: Cpu<Word = AtomicUsize>, const WORDS: usize> Default for Bits<M, WORDS> {
    fn default() -> Self {
        Bits::new()
    }
}

impl<M: Cpu, const WORDS: usize> Bits<M, WORDS> {
    /// How many there are.
    pub const LEN: usize = WORDS * BITS;

    /// Bits as in `words`.
    pub fn of(words: [usize; WORDS]) -> Self {
        Bits { words: words.map(M::Word::new) }
    }

    /// Sets bit `nr`.
    #[inline]
    #[track_caller]
    pub fn set_bit(&self, nr: usize) {
        self.test_and_set_bit(nr);
    }

    /// Clears bit `nr`.
    #[inline]
    #[track_caller]
    pub fn clear_bit(&self, nr: usize) {
        self.test_and_clear_bit(nr);
    }

    /// Turns bit `nr` over.
    #[inline]
    #[track_caller]
    pub fn change_bit(&self, nr: usize) {
        self.test_and_change_bit(nr);
    }

    /// Whether bit `nr` is set at this moment. A plain load, which orders nothing.
    #[inline]
    #[track_caller]
    pub fn test_bit(&self, nr: usize) -> bool {
        look::<M>(&self.words[nr / BITS]) & mask(nr) != 0
    }

    /// Sets bit `nr` and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_set_bit(&self, nr: usize) -> bool {
        change::<M>(&self.words[nr / BITS], Update::Or, mask(nr)) & mask(nr) != 0
    }

    /// Clears bit `nr` and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_clear_bit(&self, nr: usize) -> bool {
        change::<M>(&self.words[nr / BITS], Update::And, !mask(nr)) & mask(nr) != 0
    }

    /// Turns bit `nr` over and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_change_bit(&self, nr: usize) -> bool {
        change::<M>(&self.words[nr / BITS], Update::Xor, mask(nr)) & mask(nr) != 0
    }

    /// The words, one after the other: others may change bits in between.
    pub fn words(&self) -> [usize; WORDS] {
        core::array::from_fn(|index| look::<M>(&self.words[index]))
    }
}

impl<M: Cpu, const WORDS: usize> fmt::Debug for Bits<M, WORDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bits").field(&self.words()).finish()
    }
}

/// Where bit `nr` is in its word.
const fn mask(nr: usize) -> usize {
    1 << (nr % BITS)
}
