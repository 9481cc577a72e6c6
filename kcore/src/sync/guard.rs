//! The critical section of an experiment: which lock guards it is chosen when the experiment starts, not when it is
//! compiled, so the racy and the guarded run execute the same code.

use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;

use crate::machine::{AtomicFlag, LockName, Machine, Waiting};
use crate::report::LockStats;
use crate::settings::Lock;
use crate::sync::{BrokenSpinLock, Completion, Observed, Semaphore, SpinLock};

/// A lock, or none.
pub enum Guard<M: Machine> {
    /// Everybody enters.
    None,
    /// A spinlock.
    Spinlock(SpinLock<(), M, Observed>),
    /// A semaphore initialised to 1.
    Semaphore(Semaphore<M, Observed>),
    /// A completion as a token that is handed on: it is completed once here, to enter is to wait, to leave is to complete.
    Completion(Completion<M, Observed>),
    /// A spinlock without a test-and-set.
    Broken(BrokenSpinLock),
}

impl<M: Machine> Guard<M> {
    /// The guard called `name` of locks of its `class`; the names are not used where there is no lock.
    pub fn new(lock: Lock, name: &'static str, class: &'static str) -> Self {
        let spins = LockName { name, class, waiting: Waiting::Spins };
        let sleeps = LockName { name, class, waiting: Waiting::Sleeps };
        let flag = || M::Flag::new(false);
        match lock {
            Lock::None => Guard::None,
            Lock::Spinlock => Guard::Spinlock(SpinLock::from_flag(flag(), Observed::new(spins), ())),
            Lock::Semaphore => Guard::Semaphore(Semaphore::from_flag(flag(), Observed::new(sleeps), 1)),
            Lock::Completion => Guard::Completion(Completion::from_flag(flag(), Observed::new(sleeps), 1)),
            Lock::Broken => Guard::Broken(BrokenSpinLock::new(spins)),
        }
    }

    /// Enters the critical section and leaves it when the result is dropped. With a spinlock the task must not sleep in
    /// between.
    #[track_caller]
    pub fn enter(&self) -> Held<'_, M> {
        let place = Location::caller();
        match self {
            Guard::None => {}
            Guard::Spinlock(lock) => lock.acquire(place),
            Guard::Semaphore(semaphore) => semaphore.down_at(place),
            Guard::Completion(completion) => completion.wait_at(place),
            Guard::Broken(lock) => lock.acquire_at::<M>(place),
        }
        Held { guard: self, place, _not_send: PhantomData }
    }

    /// Whether somebody is in the critical section. Functions that rely on the lock assert this. Without a lock there is
    /// nothing to assert: always `true`.
    pub fn is_held(&self) -> bool {
        match self {
            Guard::None => true,
            Guard::Spinlock(lock) => lock.is_locked(),
            Guard::Semaphore(semaphore) => semaphore.count() == 0,
            Guard::Completion(completion) => !completion.is_done(),
            Guard::Broken(lock) => lock.is_locked(),
        }
    }

    /// The counters so far. [`None`] where there is no lock.
    pub fn stats(&self) -> Option<LockStats> {
        match self {
            Guard::None => None,
            Guard::Spinlock(lock) => Some(lock.stats()),
            Guard::Semaphore(semaphore) => Some(semaphore.stats()),
            Guard::Completion(completion) => Some(completion.stats()),
            Guard::Broken(lock) => Some(lock.stats()),
        }
    }

    /// Which it is, as the command line says it.
    pub fn lock(&self) -> Lock {
        match self {
            Guard::None => Lock::None,
            Guard::Spinlock(_) => Lock::Spinlock,
            Guard::Semaphore(_) => Lock::Semaphore,
            Guard::Completion(_) => Lock::Completion,
            Guard::Broken(_) => Lock::Broken,
        }
    }
}

impl<M: Machine> fmt::Debug for Guard<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({})", self.lock())
    }
}

/// The task is in the critical section, until this is dropped.
#[must_use = "the critical section ends when this is dropped, which is at once"]
pub struct Held<'a, M: Machine> {
    guard: &'a Guard<M>,
    /// Where it was entered.
    place: &'static Location<'static>,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

impl<M: Machine> Drop for Held<'_, M> {
    fn drop(&mut self) {
        match self.guard {
            Guard::None => {}
            // SAFETY: `enter` acquired it and made this one `Held`, which is dropped once.
            Guard::Spinlock(lock) => unsafe { lock.release(self.place) },
            Guard::Semaphore(semaphore) => semaphore.up_at(self.place),
            Guard::Completion(completion) => completion.complete_at(self.place),
            Guard::Broken(lock) => lock.release_at::<M>(self.place),
        }
    }
}

impl<M: Machine> fmt::Debug for Held<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.guard.lock())
    }
}
