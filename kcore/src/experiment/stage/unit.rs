//! One unit that tasks wait for until a signal comes or the time is over, in each of its forms.

use core::sync::atomic::AtomicBool;

use crate::errno::Errno;
use crate::machine::{Sched, Sleep};
use crate::settings::Form;
use crate::sync::{Completion, RawLock, RawMutex, Semaphore, Watch};

/// The unit.
pub enum Unit<M: Sched, W: Watch<M>> {
    /// Of a semaphore, whose waiter looks for the signal, or at the clock, once more when it has been granted
    /// the unit.
    Broken(Semaphore<M, W>),
    /// Of a semaphore.
    Semaphore(Semaphore<M, W>),
    /// A mutex.
    Mutex(RawMutex<M, W>),
    /// A completion as a token that is handed on.
    Completion(Completion<M, W>),
}

impl<M: Sched<Flag = AtomicBool>, W: Watch<M>> Unit<M, W> {
    /// A unit that is free. `form` is one of the experiment's.
    pub fn new(form: Form, watch: W) -> Self {
        Unit::from_flag(form, AtomicBool::new(false), watch, true)
    }
}

impl<M: Sched, W: Watch<M>> Unit<M, W> {
    /// A unit made of a clear `flag`, which is free; or, if it is not to be and `form` is no mutex, had by no
    /// task.
    pub fn from_flag(form: Form, flag: M::Flag, watch: W, is_free: bool) -> Self {
        let units = usize::from(is_free);
        match form {
            Form::Semaphore => Unit::Semaphore(Semaphore::from_flag(flag, watch, units)),
            Form::Mutex => Unit::Mutex(RawMutex::of(watch)),
            Form::Completion => Unit::Completion(Completion::from_flag(flag, watch, units)),
            _ => Unit::Broken(Semaphore::from_flag(flag, watch, units)),
        }
    }

    /// Waits for the unit, has it while `inside` runs, and gives it back. [`Errno::EINTR`] when a signal came
    /// first.
    #[track_caller]
    pub fn with(&self, inside: impl FnOnce()) -> Result<(), Errno> {
        let place = W::place();
        self.lock().enter_interruptible(place)?;
        let is_over = || M::interrupted(Sleep::Interruptible);
        self.have(inside, is_over, Errno::EINTR, place)
    }

    /// The same for `cycles` at the longest, whatever signals come. [`Errno::ETIME`] when the time was over
    /// first.
    ///
    /// # Panics
    /// When it is a mutex, for which none waits with a deadline.
    #[track_caller]
    pub fn with_timeout(&self, cycles: u64, inside: impl FnOnce()) -> Result<(), Errno> {
        let deadline = M::cycles().saturating_add(cycles);
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore.down_timeout(cycles)?,
            Unit::Completion(completion) => completion.wait_timeout(cycles)?,
            Unit::Mutex(_) => panic!("a wait for a mutex has no deadline"),
        }
        self.have(inside, || M::is_past(deadline), Errno::ETIME, W::place())
    }

    /// Has the unit while `inside` runs, and gives it back.
    fn have(
        &self,
        inside: impl FnOnce(),
        is_over: impl FnOnce() -> bool,
        why: Errno,
        place: W::Place,
    ) -> Result<(), Errno> {
        // The mistake: it has the unit, whatever it finds now.
        if matches!(self, Unit::Broken(_)) && is_over() {
            return Err(why);
        }
        inside();
        self.lock().leave(place);
        Ok(())
    }

    /// The unit, whatever it is made of.
    pub fn lock(&self) -> &dyn RawLock<M, Watch = W> {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore,
            Unit::Mutex(mutex) => mutex,
            Unit::Completion(completion) => completion,
        }
    }

    /// How often the unit is to be had, when no task uses it: once, if all is well.
    pub fn free(&self) -> usize {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore.count(),
            Unit::Mutex(mutex) => usize::from(!mutex.is_locked()),
            Unit::Completion(completion) => usize::from(completion.is_done()),
        }
    }

    /// Tasks that sleep for it.
    pub fn waiters(&self) -> usize {
        match self {
            Unit::Broken(semaphore) | Unit::Semaphore(semaphore) => semaphore.waiters(),
            Unit::Mutex(mutex) => mutex.waiters(),
            Unit::Completion(completion) => completion.waiters(),
        }
    }
}
