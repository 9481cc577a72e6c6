//! The critical section of an experiment: which lock guards it is chosen when the experiment starts, not when it is
//! compiled, so the racy and the guarded run execute the same code.

use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;

use crate::errno::Errno;
use crate::event::{LockName, LockStep, Mode, Waiting};
use crate::machine::{AtomicFlag, Machine};
use crate::report::LockStats;
use crate::settings::Form;
use crate::sync::environment::{BhOff, Environment, IrqSaved, PreemptOff};
use crate::sync::watch::Watch;
use crate::sync::{
    BrokenSpinLock, Completion, CpuOwnedLock, Observed, RawMutex, RwLock, RwSemaphore, Semaphore, SpinLock,
};

/// What [`Form::PreemptOff`] is called where it is told of like a lock. A kernel that tasks lose their CPU in nowhere has
/// nothing to switch off, and nobody there may object to a sleep.
pub const PREEMPTION_OFF: &str = "preemption off";

/// A lock, or none, and what is off on this CPU while it is held.
pub struct Guard<M: Machine> {
    lock: Form,
    mechanism: Mechanism<M>,
}

/// What keeps others out.
enum Mechanism<M: Machine> {
    /// Nothing.
    Nothing,
    /// What [`Off`] switches off, told of as if it were a lock: who has it must not sleep.
    Switch(Observed),
    /// A spinlock.
    Spinlock(SpinLock<(), M, Observed>),
    /// A semaphore initialised to 1.
    Semaphore(Semaphore<M, Observed>),
    /// A completion as a token that is handed on: it is completed once here, to enter is to wait, to leave is to complete.
    Completion(Completion<M, Observed>),
    /// A mutex.
    Mutex(RawMutex<M, Observed>),
    /// A reader/writer spinlock, taken for writing.
    RwLock(RwLock<(), M, Observed>),
    /// A reader/writer semaphore, taken for writing.
    RwSem(RwSemaphore<M, Observed>),
    /// A lock that belongs to a CPU.
    CpuOwned(CpuOwnedLock<M, Observed>),
    /// A spinlock without a test-and-set.
    Broken(BrokenSpinLock),
}

/// What is off on this CPU between [`Guard::enter`] and the end of [`Held`]. Never looked at, only dropped.
#[expect(dead_code, reason = "each is held for what its drop does")]
enum Off<M: Machine> {
    Nothing,
    Preemption(PreemptOff<M>),
    Softirqs(BhOff<M>),
    Interrupts(IrqSaved<M>),
}

impl<M: Machine> Guard<M> {
    /// The forms that are guards: those that [`new`](Guard::new) takes.
    pub const LOCKS: &'static [Form] = &[
        Form::None,
        Form::Spinlock,
        Form::Semaphore,
        Form::Completion,
        Form::Mutex,
        Form::RwLock,
        Form::RwSem,
        Form::Irqsave,
        Form::Bh,
        Form::PreemptOff,
        Form::IrqOff,
        Form::CpuOwned,
        Form::Broken,
    ];

    /// The guard called `name` of locks of its `class`; the names are not used where there is no lock.
    ///
    /// # Panics
    /// When `lock` is none of [`LOCKS`](Guard::LOCKS), a form that only some exhibit knows: the catalogue does not let it come here.
    pub fn new(lock: Form, name: &'static str, class: &'static str) -> Self {
        let spins = LockName { name, class, waiting: Waiting::Spins };
        let sleeps = LockName { name, class, waiting: Waiting::Sleeps };
        let flag = || M::Flag::new(false);
        let mechanism = match lock {
            Form::None => Mechanism::Nothing,
            Form::PreemptOff => Mechanism::Switch(Observed::new(LockName { name: PREEMPTION_OFF, ..spins })),
            Form::IrqOff => Mechanism::Switch(Observed::new(LockName { name: "interrupts off", ..spins })),
            Form::Spinlock | Form::Irqsave | Form::Bh => {
                Mechanism::Spinlock(SpinLock::from_flag(flag(), Observed::new(spins), ()))
            }
            Form::Semaphore => Mechanism::Semaphore(Semaphore::from_flag(flag(), Observed::new(sleeps), 1)),
            Form::Completion => {
                Mechanism::Completion(Completion::from_flag(flag(), Observed::new(sleeps), 1))
            }
            Form::Mutex => Mechanism::Mutex(RawMutex::from_flag(flag(), Observed::new(sleeps))),
            Form::RwLock => Mechanism::RwLock(RwLock::from_flags(flag(), flag(), Observed::new(spins), ())),
            Form::RwSem => Mechanism::RwSem(RwSemaphore::from_flag(flag(), Observed::new(sleeps))),
            // Its waiters spin, but its holder may sleep.
            Form::CpuOwned => Mechanism::CpuOwned(CpuOwnedLock::from_flag(flag(), Observed::new(sleeps))),
            Form::Broken => Mechanism::Broken(BrokenSpinLock::new(spins)),
            other => unreachable!("{other} is no guard of a critical section"),
        };
        Guard { lock, mechanism }
    }

    /// Enters the critical section and leaves it when the result is dropped. With a lock that spins, or with something
    /// off, the task must not sleep in between.
    #[track_caller]
    pub fn enter(&self) -> Held<'_, M> {
        let place = Location::caller();
        let off = match self.lock {
            Form::Spinlock | Form::RwLock | Form::PreemptOff => Off::Preemption(PreemptOff::enter()),
            Form::Bh => Off::Softirqs(BhOff::enter()),
            Form::Irqsave | Form::IrqOff => Off::Interrupts(IrqSaved::enter()),
            _ => Off::Nothing,
        };
        match &self.mechanism {
            Mechanism::Nothing => {}
            Mechanism::Switch(watch) => self.switched(watch, LockStep::Acquired, place),
            Mechanism::Spinlock(lock) => lock.acquire(place),
            Mechanism::Semaphore(semaphore) => semaphore.down_at(place),
            Mechanism::Completion(completion) => completion.wait_at(place),
            Mechanism::Mutex(mutex) => mutex.lock_at(place),
            Mechanism::RwLock(lock) => lock.acquire_write(place),
            Mechanism::RwSem(semaphore) => semaphore.down_write_at(place),
            Mechanism::CpuOwned(lock) => lock.acquire_at(place),
            Mechanism::Broken(lock) => lock.acquire_at::<M>(place),
        }
        Held { guard: self, place, _off: off, _not_send: PhantomData }
    }

    /// [`enter`](Guard::enter), unless a signal comes while the task sleeps: then [`Errno::EINTR`], and the task holds
    /// nothing. Locks whose waiters cannot be interrupted are entered in any case.
    #[track_caller]
    pub fn enter_interruptible(&self) -> Result<Held<'_, M>, Errno> {
        match &self.mechanism {
            Mechanism::Semaphore(semaphore) => semaphore.down_interruptible()?,
            Mechanism::Completion(completion) => completion.wait_interruptible()?,
            Mechanism::Mutex(mutex) => mutex.lock_interruptible()?,
            _ => return Ok(self.enter()),
        }
        Ok(Held { guard: self, place: Location::caller(), _off: Off::Nothing, _not_send: PhantomData })
    }

    fn switched(&self, watch: &Observed, event: LockStep, place: &'static Location<'static>) {
        Watch::<M>::announce(watch, event, Mode::Exclusive, core::ptr::from_ref(self).addr(), place);
    }

    /// Whether somebody is in the critical section. Functions that rely on the lock assert this. Without a lock, and for a
    /// spinlock on a machine of one CPU, there is nothing to ask: always `true`.
    pub fn is_held(&self) -> bool {
        match &self.mechanism {
            Mechanism::Nothing | Mechanism::Switch(_) => true,
            Mechanism::Spinlock(lock) => !cfg!(feature = "smp") || lock.is_locked(),
            Mechanism::Semaphore(semaphore) => semaphore.count() == 0,
            Mechanism::Completion(completion) => !completion.is_done(),
            Mechanism::Mutex(mutex) => mutex.is_locked(),
            Mechanism::RwLock(lock) => !cfg!(feature = "smp") || lock.is_write_locked(),
            Mechanism::RwSem(semaphore) => semaphore.is_write_locked(),
            Mechanism::CpuOwned(lock) => lock.depth() > 0,
            Mechanism::Broken(lock) => lock.is_locked(),
        }
    }

    /// Whether one task at most is in the critical section, on any machine and whatever it does there: not where there is
    /// no lock, or one that lets others pass.
    pub fn excludes(&self) -> bool {
        !matches!(
            self.mechanism,
            Mechanism::Nothing | Mechanism::Switch(_) | Mechanism::CpuOwned(_) | Mechanism::Broken(_)
        )
    }

    /// The counters so far. [`None`] where there is no lock.
    pub fn stats(&self) -> Option<LockStats> {
        match &self.mechanism {
            Mechanism::Nothing | Mechanism::Switch(_) => None,
            Mechanism::Spinlock(lock) => Some(lock.stats()),
            Mechanism::Semaphore(semaphore) => Some(semaphore.stats()),
            Mechanism::Completion(completion) => Some(completion.stats()),
            Mechanism::Mutex(mutex) => Some(mutex.stats()),
            Mechanism::RwLock(lock) => Some(lock.stats()),
            Mechanism::RwSem(semaphore) => Some(semaphore.stats()),
            Mechanism::CpuOwned(lock) => Some(lock.stats()),
            Mechanism::Broken(lock) => Some(lock.stats()),
        }
    }

    /// Which it is, as the command line says it.
    pub fn lock(&self) -> Form {
        self.lock
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
    /// Dropped after the lock was given back.
    _off: Off<M>,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

impl<M: Machine> Drop for Held<'_, M> {
    fn drop(&mut self) {
        match &self.guard.mechanism {
            Mechanism::Nothing => {}
            Mechanism::Switch(watch) => self.guard.switched(watch, LockStep::Release, self.place),
            // SAFETY: `enter` acquired it and made this one `Held`, which is dropped once.
            Mechanism::Spinlock(lock) => unsafe { lock.release(self.place) },
            Mechanism::Semaphore(semaphore) => semaphore.up_at(self.place),
            Mechanism::Completion(completion) => completion.complete_at(self.place),
            Mechanism::Mutex(mutex) => {
                mutex.unlock_at(self.place).expect("this does not leave the task that entered");
            }
            // SAFETY: as above.
            Mechanism::RwLock(lock) => unsafe { lock.release_write(self.place) },
            Mechanism::RwSem(semaphore) => semaphore.up_write_at(self.place),
            Mechanism::CpuOwned(lock) => lock.release_at(self.place),
            Mechanism::Broken(lock) => lock.release_at::<M>(self.place),
        }
    }
}

impl<M: Machine> fmt::Debug for Held<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.guard.lock())
    }
}
