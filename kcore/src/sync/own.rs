//! Mutexes of the machine's own, which outlive a task that dies with one in its hand.
//!
//! A task may die in the middle of anything. What a driver has locked then stays locked, for the next task to wait in vain;
//! but what the machine itself needs to go on is given back in the name of the dead. So each task has a short list of those
//! that it has, which only the task itself changes. What such a mutex guards is changed in steps that each leave it whole.

use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

use crate::machine::{LockEvent, Sched};
use crate::sync::raw_mutex::RawMutex;
use crate::sync::watch::Watch;

/// Mutexes of a task that are kept account of. Those that it takes while it has so many are only counted.
const MOST: usize = 6;

/// Nobody counts, and no hooks hear; but the task that has the mutex knows that it does: [`Sched::own_locks`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Own;

impl<M: Sched> Watch<M> for Own {
    type Place = &'static Location<'static>;
    type Wait = ();

    #[inline(always)]
    #[track_caller]
    fn place() -> Self::Place {
        Location::caller()
    }

    #[inline(always)]
    fn wait() {}
    #[inline(always)]
    fn failed(_wait: &mut ()) {}
    #[inline(always)]
    fn acquired(&self, _wait: Option<()>) {}
    #[inline(always)]
    fn released(&self) {}

    #[inline]
    fn announce(&self, event: LockEvent, address: usize, place: Self::Place) {
        let Some(locks) = M::own_locks() else { return };
        match event {
            LockEvent::Acquired => {
                locks.took(address, place);
                M::took_own();
            }
            LockEvent::Release => locks.gives_back(address),
            LockEvent::Wait | LockEvent::GaveUp => {}
        }
    }
}

/// The mutexes of the machine's own that a task has. Changed by that task alone.
#[derive(Debug)]
pub struct OwnLocks {
    held: [Entry; MOST],
    /// How many it has besides.
    beyond: AtomicU32,
}

#[derive(Debug)]
struct Entry {
    /// A [`RawMutex`]; null for none.
    lock: AtomicPtr<()>,
    /// The line that took it; null for none.
    at: AtomicPtr<Location<'static>>,
}

impl Entry {
    const fn free() -> Self {
        Entry { lock: AtomicPtr::new(ptr::null_mut()), at: AtomicPtr::new(ptr::null_mut()) }
    }
}

impl OwnLocks {
    /// None.
    pub const fn none() -> Self {
        OwnLocks { held: [const { Entry::free() }; MOST], beyond: AtomicU32::new(0) }
    }

    /// Whether each that the task has is known by its address, so that [`give_back`](OwnLocks::give_back) leaves none.
    pub fn are_known(&self) -> bool {
        self.beyond.load(Relaxed) == 0
    }

    /// How many the task has.
    pub fn len(&self) -> usize {
        let known = self.held.iter().filter(|entry| !entry.lock.load(Relaxed).is_null()).count();
        known + self.beyond.load(Relaxed) as usize
    }

    /// Whether the task has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives back all that are known, for the running task, which has them and is dead; tells `each` where one was taken.
    ///
    /// # Safety
    /// They are of machine `M`. No guard of one of them is used or dropped from now on, and none was forgotten before.
    pub unsafe fn give_back<M: Sched>(&self, mut each: impl FnMut(&'static Location<'static>)) {
        for entry in self.held.iter().rev() {
            let lock = entry.lock.load(Relaxed);
            if lock.is_null() {
                continue;
            }
            // SAFETY: the task has it, so it was there when the task took it; and its guard, which borrows it, is still
            // somewhere, as guards are neither dropped nor forgotten, by the caller's promise.
            let lock = unsafe { &*lock.cast::<RawMutex<M, Own>>() };
            // SAFETY: what is stored there is a null pointer or a location that lives for ever.
            if let Some(at) = unsafe { entry.at.load(Relaxed).as_ref() } {
                each(at);
            }
            lock.unlock().expect("a task has the mutexes that it keeps account of");
        }
    }

    fn took(&self, address: usize, at: &'static Location<'static>) {
        match self.held.iter().find(|entry| entry.lock.load(Relaxed).is_null()) {
            Some(free) => {
                free.at.store(ptr::from_ref(at).cast_mut(), Relaxed);
                free.lock.store(ptr::with_exposed_provenance_mut(address), Relaxed);
            }
            None => self.beyond.store(self.beyond.load(Relaxed) + 1, Relaxed),
        }
    }

    fn gives_back(&self, address: usize) {
        match self.held.iter().find(|entry| entry.lock.load(Relaxed).addr() == address) {
            Some(entry) => entry.lock.store(ptr::null_mut(), Relaxed),
            None => self.beyond.store(self.beyond.load(Relaxed).saturating_sub(1), Relaxed),
        }
    }
}
