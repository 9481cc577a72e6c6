//! A word that several CPUs load and store, with the order that each access asks for, and the machine's own
//! locked instructions on it.
//!
//! What is built on [`AtomicWord`] has loads and stores and no read-modify-write; what is built on
//! [`LockedWord`] has these, too. loom and the explorer put words of their own below both.

use core::sync::atomic::{
    self, AtomicUsize, Ordering,
    Ordering::{AcqRel, Relaxed, Release},
};

use crate::event::{Events, Op, Site};
use crate::shared::touching;

/// A word of this kind: no point.
static WORD: Site = Site::new("word");

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
        self.load(Relaxed)
    }
    /// Orders what comes before it against what comes after it (Linux: `smp_rmb`, `smp_wmb`). On x86
    /// `Acquire` and `Release` fences are no instruction: they keep the compiler from reordering, the CPU
    /// does not (TSO; Intel SDM vol. 3A, 10.2.2).
    fn fence(order: Ordering);
}

/// A word that a locked instruction changes as a whole (Intel SDM vol. 3A, 10.1.2.2).
pub trait LockedWord: AtomicWord {
    /// Changes it by `operand` and returns what was there before, in one step.
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize;
    /// Writes `new` if `old` is there, in one step, and says whether it was. If not, it orders nothing.
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool;
}

/// How a locked instruction changes a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// `lock xadd`. It wraps round.
    Add,
    /// `lock and`.
    And,
    /// `lock or`.
    Or,
    /// `lock xor`.
    Xor,
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

impl LockedWord for AtomicUsize {
    #[inline(always)]
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize {
        match how {
            Update::Add => self.fetch_add(operand, order),
            Update::And => self.fetch_and(operand, order),
            Update::Or => self.fetch_or(operand, order),
            Update::Xor => self.fetch_xor(operand, order),
        }
    }
    #[inline(always)]
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool {
        self.compare_exchange(old, new, order, Relaxed).is_ok()
    }
}

/// What `word` of an [`AtomicT`](super::AtomicT) or of [`Bits`](super::Bits) is at this moment: a plain load,
/// which orders nothing.
#[inline]
#[track_caller]
pub(super) fn look<M: Events>(word: &impl AtomicWord) -> usize {
    touching::<M, _>(&WORD, Op::Look, word);
    word.load(Relaxed)
}

/// Writes it: what was done before is seen by a change that comes after it.
#[inline]
#[track_caller]
pub(super) fn put<M: Events>(word: &impl AtomicWord, value: usize) {
    touching::<M, _>(&WORD, Op::Put(value), word);
    word.store(value, Release);
}

/// Changes it as a whole and returns what was there.
#[inline]
#[track_caller]
pub(super) fn change<M: Events>(word: &impl LockedWord, how: Update, operand: usize) -> usize {
    touching::<M, _>(&WORD, Op::Update, word);
    word.change(how, operand, AcqRel)
}
