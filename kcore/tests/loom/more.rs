//! The further primitives: each body holds on the right one, and loom objects to each twin.

mod atomic;
mod kfifo;
pub(crate) mod rwlock;
mod seqlock;
mod ticket;

use std::marker::PhantomData;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};

use kcore::sync::{AtomicWord, LockedWord, Update};
use loom::sync::atomic::{AtomicUsize, fence};

use crate::machine::{LoadThenStore, NoAcquire, NoRelease};

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

impl LoomWord {
    pub(crate) fn changed(word: &AtomicUsize, how: Update, operand: usize, order: Ordering) -> usize {
        match how {
            Update::Add => word.fetch_add(operand, order),
            Update::And => word.fetch_and(operand, order),
            Update::Or => word.fetch_or(operand, order),
            Update::Xor => word.fetch_xor(operand, order),
        }
    }
}

impl LockedWord for LoomWord {
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize {
        LoomWord::changed(&self.0, how, operand, order)
    }
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool {
        self.0.compare_exchange(old, new, order, Relaxed).is_ok()
    }
}

/// A word whose locked instructions have a mistake.
pub(crate) struct Weak<K>(LoomWord, PhantomData<K>);

/// Which mistake.
pub(crate) trait Slip: Send + Sync + 'static {
    /// A load, then a store, where one instruction should be.
    const TORN: bool = false;
    /// What is left of the order that was asked for.
    fn order(order: Ordering) -> Ordering {
        order
    }
}

impl Slip for NoAcquire {
    fn order(order: Ordering) -> Ordering {
        if matches!(order, AcqRel | Release) { Release } else { Relaxed }
    }
}

impl Slip for NoRelease {
    fn order(order: Ordering) -> Ordering {
        if matches!(order, AcqRel | Acquire) { Acquire } else { Relaxed }
    }
}

impl Slip for LoadThenStore {
    const TORN: bool = true;
}

impl<K: Slip> AtomicWord for Weak<K> {
    fn new(value: usize) -> Self {
        Weak(LoomWord::new(value), PhantomData)
    }
    fn load(&self, order: Ordering) -> usize {
        self.0.load(order)
    }
    fn store(&self, value: usize, order: Ordering) {
        self.0.store(value, K::order(order));
    }
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl<K: Slip> LockedWord for Weak<K> {
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize {
        if !K::TORN {
            return self.0.change(how, operand, K::order(order));
        }
        let old = self.0.load(Acquire);
        let new = match how {
            Update::Add => old.wrapping_add(operand),
            Update::And => old & operand,
            Update::Or => old | operand,
            Update::Xor => old ^ operand,
        };
        self.0.store(new, Release);
        old
    }
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool {
        if !K::TORN {
            return self.0.replace(old, new, K::order(order));
        }
        let is_there = self.0.load(Acquire) == old;
        if is_there {
            self.0.store(new, Release);
        }
        is_there
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
