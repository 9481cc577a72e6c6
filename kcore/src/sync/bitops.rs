//! Bits that are changed one by one, each as a whole (LDD3 ch. 5, "Bit Operations"; LKD ch. 10, "Atomic
//! Bitwise Operations").
//!
//! Bit 0 is the lowest of the first word, as in Linux. Two CPUs that change different bits of one word do not
//! disturb each other, which a load, an `or` and a store would not give. Like [`AtomicT`](super::AtomicT)
//! they are made of the one test-and-set: a load and a store under a spinlock with interrupts off, as on
//! architectures without atomic instructions (parisc, sparc32). The lock belongs to the words, so all changes
//! of one word meet at one lock.
//!
//! Every change acquires and releases that lock: [`test_and_set_bit`](Bits::test_and_set_bit) and
//! [`clear_bit`](Bits::clear_bit) make a lock of a bit, as the book shows.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize};

use crate::machine::{AtomicFlag, Cpu};
use crate::sync::atomic_word::AtomicWord;
use crate::sync::emulated::Emulated;

/// Bits in a word.
const BITS: usize = usize::BITS as usize;

/// `WORDS` words of bits.
///
/// Each method panics when its bit is not in them.
pub struct Bits<M: Cpu, const WORDS: usize, A = AtomicUsize> {
    changes: Emulated<M>,
    /// Written under `changes` only.
    words: [A; WORDS],
}

impl<M: Cpu<Flag = AtomicBool>, const WORDS: usize> Bits<M, WORDS> {
    /// Bits that are all clear.
    pub const fn new() -> Self {
        let changes = Emulated::from_flag(AtomicBool::new(false));
        Bits { changes, words: [const { AtomicUsize::new(0) }; WORDS] }
    }
}

impl<M: Cpu<Flag = AtomicBool>, const WORDS: usize> Default for Bits<M, WORDS> {
    fn default() -> Self {
        Bits::new()
    }
}

impl<M: Cpu, const WORDS: usize, A: AtomicWord> Bits<M, WORDS, A> {
    /// How many there are.
    pub const LEN: usize = WORDS * BITS;

    /// Bits as in `words`, of the machine's own kind of flag and of words of the caller's choice.
    pub fn of(words: [usize; WORDS]) -> Self {
        Bits { changes: Emulated::from_flag(M::Flag::new(false)), words: words.map(A::new) }
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
        self.changes.look(&self.words[nr / BITS]) & mask(nr) != 0
    }

    /// Sets bit `nr` and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_set_bit(&self, nr: usize) -> bool {
        self.change(nr, |word, mask| word | mask)
    }

    /// Clears bit `nr` and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_clear_bit(&self, nr: usize) -> bool {
        self.change(nr, |word, mask| word & !mask)
    }

    /// Turns bit `nr` over and says whether it *was* set.
    #[inline]
    #[track_caller]
    pub fn test_and_change_bit(&self, nr: usize) -> bool {
        self.change(nr, |word, mask| word ^ mask)
    }

    /// The words, one after the other: others may change bits in between.
    pub fn words(&self) -> [usize; WORDS] {
        core::array::from_fn(|index| self.changes.look(&self.words[index]))
    }

    #[track_caller]
    fn change(&self, nr: usize, change: impl FnOnce(usize, usize) -> usize) -> bool {
        let mask = mask(nr);
        let (old, _) = self.changes.change(&self.words[nr / BITS], |word| change(word, mask));
        old & mask != 0
    }
}

impl<M: Cpu, const WORDS: usize, A: AtomicWord> fmt::Debug for Bits<M, WORDS, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bits").field(&self.words()).finish()
    }
}

/// Where bit `nr` is in its word.
const fn mask(nr: usize) -> usize {
    1 << (nr % BITS)
}
