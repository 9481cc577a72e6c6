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
use core::sync::atomic::{Ordering, fence};

use crate::event::{Events, LockName, LockStep, Mode, Site};
use crate::machine::Cpu;
use crate::place::Place;
use crate::shared::Shared;
use crate::sync::raw_lock::RawLock;
use crate::sync::watch::{Observed, Watch, Watched};

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

    /// Looks whether the lock is free; if it is, takes it. In between, another task does the same.
    #[track_caller]
    pub fn acquire<M: Cpu + Events>(&self) {
        RawLock::<M>::enter(self, Place::caller());
    }

    /// Gives the lock back. Any task can: there is nothing to protect from.
    #[track_caller]
    pub fn release<M: Cpu + Events>(&self) {
        RawLock::<M>::leave(self, Place::caller());
    }

    /// Spins until the lock looks free. These looks are no probe points: a script names the one that decides.
    fn wait<M: Cpu + Events>(&self, wait: &mut Option<<Observed as Watch<M>>::Wait>, place: Place) {
        match wait {
            Some(wait) => <Observed as Watch<M>>::failed(wait),
            None => *wait = Some(<Observed as Watch<M>>::wait()),
        }
        // Each time anew: the listener saw the load in between, and would think that this task goes on.
        Watch::<M>::announce(&self.watch, LockStep::Wait, Mode::Exclusive, self.address(), place);
        while self.word.look::<M>(&LOCK) == TAKEN {
            M::relax();
            M::spinning();
        }
    }

    /// Whether a task, or more than one, has the lock at this moment.
    pub fn is_locked(&self) -> bool {
        self.word.audit() == TAKEN
    }
}

/// Its counters can be believed as far as the lock can.
impl Watched for BrokenSpinLock {
    type Watch = Observed;

    fn watch(&self) -> &Observed {
        &self.watch
    }
}

impl<M: Cpu + Events> RawLock<M> for BrokenSpinLock {
    fn enter(&self, place: Place) {
        // A spinlock keeps the CPU, this one too.
        M::preempt_disable();
        let mut wait = None;
        while self.word.load_at::<M>(&LOCK, place) == TAKEN {
            self.wait::<M>(&mut wait, place);
        }
        self.word.store_at::<M>(&LOCK, TAKEN, place);
        // The missing test-and-set is to be the only thing that is wrong: the order of memory accesses is
        // kept.
        fence(Ordering::Acquire);
        Watch::<M>::acquired(&self.watch, wait);
        Watch::<M>::announce(&self.watch, LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    fn leave(&self, place: Place) {
        Watch::<M>::announce(&self.watch, LockStep::Release, Mode::Exclusive, self.address(), place);
        Watch::<M>::released(&self.watch);
        fence(Ordering::Release);
        // Not a probe point: `lock.store` is the one that should have been part of a test-and-set.
        self.word.put::<M>(&LOCK, FREE);
        M::preempt_enable();
    }

    fn is_held(&self) -> bool {
        self.is_locked()
    }
}

impl fmt::Debug for BrokenSpinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenSpinLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
