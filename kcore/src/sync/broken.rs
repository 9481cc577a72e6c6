//! A spinlock of one word, however it is taken: without the test-and-set (RACES.md R22), or as a reader
//! thinks right ([`student`](super::student)).
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
use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};

use crate::event::{Events, LockName, LockStep, Mode, Site};
use crate::machine::Cpu;
use crate::place::Place;
use crate::shared::Shared;
use crate::sync::raw_lock::RawLock;
use crate::sync::watch::{Observed, Watch, Watched};

/// The two halves of what should be one step: the probe points `lock.load` and `lock.store`.
pub static LOCK: Site = Site::new("lock");

/// What the word of a lock says that no task has.
pub const FREE: usize = 0;
/// What it says when a task has it.
pub const TAKEN: usize = 1;

/// How a lock of one word is taken and given back.
pub trait Take {
    /// Takes the lock if it is [`FREE`], for the caller at `place`; whether it did.
    fn take<M: Events>(word: &Shared<usize>, place: Place) -> bool;

    /// Gives it back. Not a probe point: `lock.store` is the one that should have been part of a
    /// test-and-set.
    fn give<M: Events>(word: &Shared<usize>) {
        word.put::<M>(&LOCK, FREE);
    }
}

/// Looks whether the lock is free; if it is, takes it. In between, another task does the same.
#[derive(Debug)]
pub struct LoadThenStore;

impl Take for LoadThenStore {
    fn take<M: Events>(word: &Shared<usize>, place: Place) -> bool {
        let is_free = word.load_at::<M>(&LOCK, place) == FREE;
        if is_free {
            word.store_at::<M>(&LOCK, TAKEN, place);
        }
        is_free
    }
}

/// A spinlock that two CPUs can have at once, and right in every other respect.
pub type BrokenSpinLock = WordLock<LoadThenStore>;

/// A spinlock that is as right as it is taken, and right in every other respect.
pub struct WordLock<T> {
    word: Shared<usize>,
    /// Two owners at once also lose counts: the counters are as wrong as the lock.
    watch: Observed,
    taken: PhantomData<fn() -> T>,
}

impl<T: Take> WordLock<T> {
    /// A free lock.
    pub fn new(name: LockName) -> Self {
        WordLock { word: Shared::new(FREE), watch: Observed::new(name), taken: PhantomData }
    }

    /// Waits until it has taken the lock.
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
impl<T> Watched for WordLock<T> {
    type Watch = Observed;

    fn watch(&self) -> &Observed {
        &self.watch
    }
}

impl<M: Cpu + Events, T: Take> RawLock<M> for WordLock<T> {
    fn enter(&self, place: Place) {
        // A spinlock keeps the CPU, this one too.
        M::preempt_disable();
        let mut wait = None;
        while !T::take::<M>(&self.word, place) {
            self.wait::<M>(&mut wait, place);
        }
        // A missing test-and-set is to be the only thing that is wrong: the order of memory accesses is kept.
        fence(Ordering::Acquire);
        Watch::<M>::acquired(&self.watch, wait);
        Watch::<M>::announce(&self.watch, LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    fn leave(&self, place: Place) {
        Watch::<M>::announce(&self.watch, LockStep::Release, Mode::Exclusive, self.address(), place);
        Watch::<M>::released(&self.watch);
        fence(Ordering::Release);
        T::give::<M>(&self.word);
        M::preempt_enable();
    }

    fn is_held(&self) -> bool {
        self.is_locked()
    }
}

impl<T: Take> fmt::Debug for WordLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
