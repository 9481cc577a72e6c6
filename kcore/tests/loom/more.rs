//! The further primitives: each body holds on the right one, and loom objects to each twin.

mod atomic;
mod kfifo;
mod rwlock;
mod seqlock;
mod ticket;

use std::sync::atomic::Ordering;

use kcore::sync::AtomicWord;
use loom::sync::atomic::{AtomicUsize, fence};

/// loom's word.
pub(crate) struct LoomWord(AtomicUsize);

impl AtomicWord for LoomWord {
    fn new(value: usize) -> Self {
        LoomWord(AtomicUsize::new(value))
    }
    fn load(&self, order: Ordering) -> usize {
        self.0.load(order)
    }
    fn store(&self, value: usize, order: Ordering) {
        self.0.store(value, order);
    }
    fn fence(order: Ordering) {
        fence(order);
    }
}

/// A word with a mistake: it forgets some order that it was asked for.
pub(crate) struct Lax<const LOAD: bool, const STORE: bool, const FENCE: bool>(LoomWord);

/// Loads order nothing.
pub(crate) type LaxLoad = Lax<true, false, false>;
/// Stores order nothing.
pub(crate) type LaxStore = Lax<false, true, false>;
/// There are no fences.
pub(crate) type NoFence = Lax<false, false, true>;

impl<const LOAD: bool, const STORE: bool, const FENCE: bool> AtomicWord for Lax<LOAD, STORE, FENCE> {
    fn new(value: usize) -> Self {
        Lax(LoomWord::new(value))
    }
    fn load(&self, order: Ordering) -> usize {
        self.0.load(if LOAD { Ordering::Relaxed } else { order })
    }
    fn store(&self, value: usize, order: Ordering) {
        self.0.store(value, if STORE { Ordering::Relaxed } else { order });
    }
    fn fence(order: Ordering) {
        if !FENCE {
            LoomWord::fence(order);
        }
    }
}
