//! The locks of one task.

use core::ptr;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::name::NameWord;
use crate::event::{LockId, LockStep, Waiting};
use crate::leak::Hidden;
use crate::machine::Sched;
use crate::place::{AtomicPlace, Place};
use crate::sync::{Own, RawMutex};

/// Locks of a task that are known one by one. Those that it takes while it has so many are only counted.
const MOST: usize = 12;

/// A lock that a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it is.
    pub address: usize,
    /// Its name.
    pub name: &'static str,
    /// Whether its waiters spin: its holder must not sleep then.
    pub spins: bool,
    /// The line that took it.
    pub at: Place,
}

/// The locks that a task has: those that are observed, as far as anything listens, and the machine's own
/// mutexes. Changed by the task alone. It may be read by the task, by handlers on top of it, and by all when
/// the task is dead.
#[derive(Debug)]
pub struct Held {
    /// Outermost first, without gaps.
    entries: [Entry; MOST],
    /// How many of the entries are in use.
    known: AtomicU32,
    /// Observed locks that the task has besides.
    beyond: AtomicU32,
    /// Mutexes of the machine's own that it has besides.
    own_beyond: AtomicU32,
    /// Spinlocks among the observed ones. Guards can be forgotten, but not so often.
    spinlocks: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    /// The complement of the lock's address: where a lock was that is gone, a block may be that is lost.
    address: AtomicUsize,
    name: NameWord,
    kind: AtomicU8,
    /// The line that took it; none before the first.
    at: AtomicPlace,
}

/// Kinds of entries.
const SLEEPS: u8 = 0;
const SPINS: u8 = 1;
/// One of the machine's own.
const OWN: u8 = 2;

impl Entry {
    const fn unused() -> Self {
        Entry {
            address: AtomicUsize::new(0),
            name: NameWord::empty(),
            kind: AtomicU8::new(SLEEPS),
            at: AtomicPlace::none(),
        }
    }

    fn set(&self, address: usize, name: &'static str, kind: u8, at: Place) {
        self.address.store(Hidden::new(address).word(), Relaxed);
        self.name.set(name);
        self.kind.store(kind, Relaxed);
        self.at.store(Some(at));
    }

    fn copy(&self, from: &Entry) {
        self.address.store(from.address.load(Relaxed), Relaxed);
        self.name.set(from.name.get());
        self.kind.store(from.kind.load(Relaxed), Relaxed);
        self.at.store(from.at.load());
    }

    fn address(&self) -> usize {
        Hidden::of_word(self.address.load(Relaxed)).address()
    }

    fn is(&self, kind: u8) -> bool {
        self.kind.load(Relaxed) == kind
    }

    fn at(&self) -> Option<Place> {
        self.at.load()
    }
}

impl Default for Held {
    fn default() -> Self {
        Held::none()
    }
}

impl Held {
    /// None.
    pub const fn none() -> Self {
        Held {
            entries: [const { Entry::unused() }; MOST],
            known: AtomicU32::new(0),
            beyond: AtomicU32::new(0),
            own_beyond: AtomicU32::new(0),
            spinlocks: AtomicU64::new(0),
        }
    }

    /// Takes note of what the task does with an observed lock. One that is waited for until it happens is
    /// none that a task has.
    pub fn step(&self, step: LockStep, lock: &LockId, at: Place) {
        let spins = lock.name.waiting == Waiting::Spins;
        match step {
            _ if lock.name.waiting == Waiting::Event => {}
            LockStep::Acquired => {
                add(&self.spinlocks, spins);
                if !self.push(lock.address, lock.name.name, if spins { SPINS } else { SLEEPS }, at) {
                    self.beyond.store(self.beyond.load(Relaxed) + 1, Relaxed);
                }
            }
            LockStep::Release => {
                sub(&self.spinlocks, spins);
                if !self.remove(lock.address) {
                    self.beyond.store(self.beyond.load(Relaxed).saturating_sub(1), Relaxed);
                }
            }
            LockStep::Wait | LockStep::GaveUp | LockStep::Downgraded => {}
        }
    }

    /// The observed locks, the one that was taken last first.
    pub fn observed(&self) -> impl Iterator<Item = Taken> {
        self.in_use().iter().rev().filter(|entry| !entry.is(OWN)).filter_map(|entry| {
            let (name, spins) = (entry.name.get(), entry.is(SPINS));
            Some(Taken { address: entry.address(), name, spins, at: entry.at()? })
        })
    }

    /// How many observed spinlocks the task has.
    pub fn spinlocks(&self) -> u64 {
        self.spinlocks.load(Relaxed)
    }

    /// Forgets the observed locks: of a task that is dead nothing is known any more.
    pub fn forget_observed(&self) {
        while let Some(lock) = self.observed().next() {
            self.remove(lock.address);
        }
        self.beyond.store(0, Relaxed);
        self.spinlocks.store(0, Relaxed);
    }

    /// The task has taken a mutex of the machine's own.
    pub(crate) fn took_own(&self, address: usize, at: Place) {
        if !self.push(address, "", OWN, at) {
            self.own_beyond.store(self.own_beyond.load(Relaxed) + 1, Relaxed);
        }
    }

    /// It gives it back.
    pub(crate) fn gives_back_own(&self, address: usize) {
        if !self.remove(address) {
            self.own_beyond.store(self.own_beyond.load(Relaxed).saturating_sub(1), Relaxed);
        }
    }

    /// How many mutexes of the machine's own the task has.
    pub fn own(&self) -> usize {
        let known = self.in_use().iter().filter(|entry| entry.is(OWN)).count();
        known + self.own_beyond.load(Relaxed) as usize
    }

    /// Whether each of these is known by its address, so that [`give_back_own`](Held::give_back_own) leaves
    /// none.
    pub fn own_are_known(&self) -> bool {
        self.own_beyond.load(Relaxed) == 0
    }

    /// Gives back all of the machine's own that are known, for the running task, which has them and is dead;
    /// tells `each` where one was taken.
    ///
    /// # Safety
    /// They are of machine `M`. No guard of one of them is used or dropped from now on, and none was
    /// forgotten before.
    pub unsafe fn give_back_own<M: Sched>(&self, mut each: impl FnMut(Place)) {
        while let Some(entry) = self.in_use().iter().rev().find(|entry| entry.is(OWN)) {
            let lock = ptr::with_exposed_provenance::<RawMutex<M, Own>>(entry.address());
            // SAFETY: the task has it, so it was there when the task took it; and its guard, which borrows
            // it, is still somewhere, as guards are neither dropped nor forgotten, by the caller's promise.
            let lock = unsafe { &*lock };
            if let Some(at) = entry.at() {
                each(at);
            }
            lock.unlock().expect("a task has the mutexes that it keeps account of");
        }
    }

    fn in_use(&self) -> &[Entry] {
        &self.entries[..self.known.load(Relaxed) as usize]
    }

    /// Adds a lock; whether there was room. A handler that looks in between finds it whole, or not at all.
    fn push(&self, address: usize, name: &'static str, kind: u8, at: Place) -> bool {
        let known = self.known.load(Relaxed);
        let Some(entry) = self.entries.get(known as usize) else { return false };
        entry.set(address, name, kind, at);
        self.known.store(known + 1, Relaxed);
        true
    }

    /// Removes the lock at `address`, the innermost of several; whether it was known.
    fn remove(&self, address: usize) -> bool {
        let entries = self.in_use();
        let Some(place) = entries.iter().rposition(|entry| entry.address() == address) else { return false };
        entries[place..].windows(2).for_each(|pair| pair[0].copy(&pair[1]));
        self.known.store(entries.len() as u32 - 1, Relaxed);
        true
    }
}

fn add(count: &AtomicU64, one: bool) {
    count.store(count.load(Relaxed) + u64::from(one), Relaxed);
}

fn sub(count: &AtomicU64, one: bool) {
    count.store(count.load(Relaxed).saturating_sub(one.into()), Relaxed);
}
