//! What a spinlock looks like without the test-and-set: RACES.md R22.
//!
//! ```text
//!   CPU 0                    CPU 1
//!   lock.load: free
//!                            lock.load: free
//!   lock.store: taken
//!                            lock.store: taken
//!   in the critical section  in the critical section
//! ```

use core::fmt;
use core::panic::Location;
use core::sync::atomic::{Ordering, fence};

use crate::event::{Events, LockName, LockStep, Mode, Site};
use crate::machine::Cpu;
use crate::report::LockStats;
use crate::shared::Shared;
use crate::sync::watch::{Observed, Statistics, Watch};

/// The two halves of what should be one step: the probe points `lock.load` and `lock.store`.
pub static LOCK: Site = Site::new("lock");

const FREE: usize = 0;
const TAKEN: usize = 1;

/// A spinlock that two CPUs can have at once, and right in every other respect.
pub struct BrokenSpinLock {
    word: Shared<usize>,
    /// Two owners at once also lose counts: the counters are as wrong as the lock.
    watch: Observed,
}

impl BrokenSpinLock {
    /// A free lock.
    pub fn new(name: LockName) -> Self {
        BrokenSpinLock { word: Shared::new(FREE), watch: Observed::new(name) }
    }

    /// Looks whether the lock is free; if it is, takes it. In between, somebody else does the same.
    #[track_caller]
    pub fn acquire<M: Cpu + Events>(&self) {
        self.acquire_at::<M>(Location::caller());
    }

    /// Gives the lock back. Anybody can: there is nothing to protect from.
    #[track_caller]
    pub fn release<M: Cpu + Events>(&self) {
        self.release_at::<M>(Location::caller());
    }

    #[track_caller]
    pub(crate) fn acquire_at<M: Cpu + Events>(&self, place: &'static Location<'static>) {
        // A spinlock keeps the CPU, this one too.
        M::preempt_disable();
        let mut wait = None;
        while self.word.load::<M>(&LOCK) == TAKEN {
            self.wait::<M>(&mut wait, place);
        }
        self.word.store::<M>(&LOCK, TAKEN);
        // The missing test-and-set is to be the only thing that is wrong: the order of memory accesses is kept.
        fence(Ordering::Acquire);
        Watch::<M>::acquired(&self.watch, wait);
        Watch::<M>::announce(&self.watch, LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    /// Spins until the lock looks free. These looks are no probe points: a script names the one that decides.
    fn wait<M: Cpu + Events>(
        &self,
        wait: &mut Option<<Observed as Watch<M>>::Wait>,
        place: &'static Location<'static>,
    ) {
        match wait {
            Some(wait) => <Observed as Watch<M>>::failed(wait),
            None => *wait = Some(<Observed as Watch<M>>::wait()),
        }
        // Each time anew: whoever listens saw the load in between, and would take this task for one that goes on.
        Watch::<M>::announce(&self.watch, LockStep::Wait, Mode::Exclusive, self.address(), place);
        while self.word.peek() == TAKEN {
            M::relax();
            M::spinning();
        }
    }

    pub(crate) fn release_at<M: Cpu + Events>(&self, place: &'static Location<'static>) {
        Watch::<M>::announce(&self.watch, LockStep::Release, Mode::Exclusive, self.address(), place);
        Watch::<M>::released(&self.watch);
        fence(Ordering::Release);
        // Not a probe point: `lock.store` is the one that should have been part of a test-and-set.
        self.word.poke(FREE);
        M::preempt_enable();
    }

    /// Whether somebody, or more than one, has the lock at this moment.
    pub fn is_locked(&self) -> bool {
        self.word.peek() == TAKEN
    }

    /// The counters so far, as far as they can be believed.
    pub fn stats(&self) -> LockStats {
        self.watch.stats()
    }

    /// Where the lock is: how the machine's hooks tell two locks apart.
    pub fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

impl fmt::Debug for BrokenSpinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenSpinLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
