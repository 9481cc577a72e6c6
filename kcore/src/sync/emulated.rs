//! Read-modify-write without an instruction for it: a load and a store under a spinlock with interrupts off.
//!
//! So do the architectures that have no more than a test-and-set (Linux on parisc and sparc32, with a small
//! table of such locks). It is slower than `lock xadd`, and correct for the same reason as anything under a
//! lock. Interrupts are off because handlers use atomic variables, too.

use core::sync::atomic::Ordering::Relaxed;

use crate::class;
use crate::event::{Op, Site};
use crate::machine::Cpu;
use crate::shared::touching;
use crate::sync::atomic_word::AtomicWord;
use crate::sync::spinlock::SpinLock;
use crate::sync::watch::Inner;

/// A word of this kind: no point.
pub(super) static WORD: Site = Site::new("word");

/// What makes changes of its words atomic. All changes go through it; reading does not.
#[derive(Debug)]
pub(super) struct Emulated<M: Cpu> {
    lock: SpinLock<(), M, Inner>,
}

impl<M: Cpu> Emulated<M> {
    /// Made of a clear `flag`.
    pub(super) const fn from_flag(flag: M::Flag) -> Self {
        Emulated { lock: SpinLock::from_flag(flag, Inner(class!("atomic word")), ()) }
    }

    /// Changes `word` as a whole and returns what was there and what is there now.
    #[inline]
    #[track_caller]
    pub(super) fn change(
        &self,
        word: &impl AtomicWord,
        change: impl FnOnce(usize) -> usize,
    ) -> (usize, usize) {
        if M::EXPLORES {
            touching::<M, _>(&WORD, Op::Update, word);
        }
        let _alone = self.lock.lock_irqsave();
        let old = word.load(Relaxed);
        let new = change(old);
        word.store(new, Relaxed);
        (old, new)
    }

    /// What `word` is at this moment: a plain load, which orders nothing.
    #[inline]
    #[track_caller]
    pub(super) fn look(&self, word: &impl AtomicWord) -> usize {
        if M::EXPLORES {
            touching::<M, _>(&WORD, Op::Look, word);
        }
        word.load(Relaxed)
    }
}
