//! One unit that tasks wait for until a signal comes, in each of its forms.

use core::panic::Location;

use kcore::class;
use kcore::errno::Errno;
use kcore::event::LockName;
use kcore::machine::{Sched, Sleep};
use kcore::settings::Form;
use kcore::sync::{Completion, Observed, RawLock, RawMutex, Semaphore};

use crate::machine::Kernel;

const NAME: LockName = LockName::sleeps("unit", class!("unit"));

/// The unit.
pub(super) enum Unit {
    /// Of a semaphore, taken by [`down_or_leave`].
    Broken(Semaphore<Kernel, Observed>),
    /// Of a semaphore.
    Semaphore(Semaphore<Kernel, Observed>),
    /// A mutex.
    Mutex(RawMutex<Kernel, Observed>),
    /// A completion as a token that is handed on.
    Completion(Completion<Kernel, Observed>),
}

/// A `down_interruptible` with a mistake: it looks for the signal first, and does not see that it has been
/// granted the unit.
#[track_caller]
fn down_or_leave(semaphore: &Semaphore<Kernel, Observed>) -> Result<(), Errno> {
    semaphore.down_interruptible()?;
    if Kernel::interrupted(Sleep::Interruptible) { Err(Errno::EINTR) } else { Ok(()) }
}

impl Unit {
    /// A unit that is free. `form` is one of the experiment's.
    pub(super) fn new(form: Form) -> Self {
        match form {
            Form::Semaphore => Unit::Semaphore(Semaphore::new(Observed::new(NAME), 1)),
            Form::Mutex => Unit::Mutex(RawMutex::new(Observed::new(NAME))),
            Form::Completion => {
                let completion = Completion::new(Observed::new(NAME));
                completion.complete();
                Unit::Completion(completion)
            }
            _ => Unit::Broken(Semaphore::new(Observed::new(NAME), 1)),
        }
    }

    /// Waits for the unit, has it while `inside` runs, and gives it back. [`Errno::EINTR`] when a signal came
    /// first.
    #[track_caller]
    pub(super) fn with(&self, inside: impl FnOnce()) -> Result<(), Errno> {
        let (lock, place) = (self.lock(), Location::caller());
        match self {
            Unit::Broken(semaphore) => down_or_leave(semaphore)?,
            _ => lock.enter_interruptible(place)?,
        }
        inside();
        lock.leave(place);
        Ok(())
    }

    /// The unit, whatever it is made of.
    pub(super) fn lock(&self) -> &dyn RawLock<Kernel, Watch = Observed> {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore,
            Unit::Mutex(mutex) => mutex,
            Unit::Completion(completion) => completion,
        }
    }

    /// How often the unit is to be had, when no task uses it: once, if all is well.
    pub(super) fn free(&self) -> usize {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore.count(),
            Unit::Mutex(mutex) => usize::from(!mutex.is_locked()),
            Unit::Completion(completion) => usize::from(completion.is_done()),
        }
    }

    /// Tasks that sleep for it.
    pub(super) fn waiters(&self) -> usize {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore.waiters(),
            Unit::Mutex(mutex) => mutex.waiters(),
            Unit::Completion(completion) => completion.waiters(),
        }
    }
}
