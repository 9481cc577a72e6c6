//! The critical section of an experiment: which lock guards it is chosen when the experiment starts, not when
//! it is compiled, so the racy and the guarded run execute the same code.

use core::fmt;
use core::marker::PhantomData;

use crate::errno::Errno;
use crate::event::{Class, IrqStep, Kinds, LockName, LockStep, Mode, Waiting, What};
use crate::machine::{AtomicFlag, Machine};
use crate::place::Place;
use crate::report::LockStats;
use crate::settings::Form;
use crate::sync::broken::WordLock;
use crate::sync::environment::{BhOff, Environment, IrqSaved, PreemptOff};
use crate::sync::raw_lock::RawLock;
use crate::sync::student::Student;
use crate::sync::watch::Watch;
use crate::sync::{
    BrokenSpinLock, Completion, CpuOwnedLock, Observed, RawMutex, RwLock, RwSemaphore, Semaphore, SpinLock,
    TicketLock,
};

/// What [`Form::PreemptOff`] is called where it is told of like a lock. A kernel that tasks lose their CPU in
/// nowhere has nothing to switch off, and no check there may object to a sleep.
pub const PREEMPTION_OFF: &str = "preemption off";

/// The locks with which a race between tasks is run: they keep tasks apart, on any machine and whatever the
/// holder does.
///
/// [`Form::Ticket`] does so as well, but is none of them: where CPUs outnumber the cores of the host it takes
/// some hundred times as long as a spinlock for each turn.
pub const LOCKS: [Form; 8] = [
    Form::Spinlock,
    Form::Semaphore,
    Form::Completion,
    Form::Mutex,
    Form::RwLock,
    Form::RwSem,
    Form::Irqsave,
    Form::Bh,
];

/// A lock, or none, and what is off on this CPU while it is held.
pub struct Guard<M: Machine> {
    lock: Form,
    mechanism: Mechanism<M>,
}

/// What keeps others out.
enum Mechanism<M: Machine> {
    /// Nothing.
    Nothing,
    /// What [`Off`] switches off, told of as if it were a lock: its holder must not sleep.
    Switch(Observed),
    /// A spinlock.
    Spinlock(SpinLock<(), M, Observed>),
    /// A spinlock that serves in order.
    Ticket(TicketLock<M, Observed>),
    /// A semaphore initialised to 1.
    Semaphore(Semaphore<M, Observed>),
    /// A completion as a token that is handed on: it is completed once here, to enter is to wait, to leave is
    /// to complete.
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
    /// The reader's own.
    Student(WordLock<Student>),
}

impl<M: Machine> Mechanism<M> {
    /// The lock, if it is one.
    fn lock(&self) -> Option<&dyn RawLock<M, Watch = Observed>> {
        Some(match self {
            Mechanism::Nothing | Mechanism::Switch(_) => return None,
            Mechanism::Spinlock(lock) => lock,
            Mechanism::Ticket(lock) => lock,
            Mechanism::Semaphore(lock) => lock,
            Mechanism::Completion(lock) => lock,
            Mechanism::Mutex(lock) => lock,
            Mechanism::RwLock(lock) => lock,
            Mechanism::RwSem(lock) => lock,
            Mechanism::CpuOwned(lock) => lock,
            Mechanism::Broken(lock) => lock,
            Mechanism::Student(lock) => lock,
        })
    }
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
    /// The guard called `name` of locks of its `class`; the names are not used where there is no lock.
    ///
    /// # Panics
    /// When `lock` is a form that only some exhibit knows: the catalogue does not let it come here.
    pub fn new(lock: Form, name: &'static str, class: Class) -> Self {
        let spins = LockName::spins(name, class);
        let sleeps = LockName::sleeps(name, class);
        let flag = || M::Flag::new(false);
        let mechanism = match lock {
            Form::None => Mechanism::Nothing,
            Form::PreemptOff => Mechanism::Switch(Observed::new(LockName { name: PREEMPTION_OFF, ..spins })),
            Form::IrqOff => Mechanism::Switch(Observed::new(LockName { name: "interrupts off", ..spins })),
            Form::Spinlock | Form::Irqsave | Form::Bh => {
                Mechanism::Spinlock(SpinLock::from_flag(flag(), Observed::new(spins), ()))
            }
            Form::Ticket => Mechanism::Ticket(TicketLock::from_flag(flag(), Observed::new(spins))),
            Form::Semaphore => Mechanism::Semaphore(Semaphore::from_flag(flag(), Observed::new(sleeps), 1)),
            Form::Convoy => {
                let queues = LockName { waiting: Waiting::Queues, ..sleeps };
                Mechanism::Semaphore(Semaphore::from_flag(flag(), Observed::new(queues), 1))
            }
            Form::Completion => {
                Mechanism::Completion(Completion::from_flag(flag(), Observed::new(sleeps), 1))
            }
            Form::Mutex => Mechanism::Mutex(RawMutex::of(Observed::new(sleeps))),
            Form::RwLock => Mechanism::RwLock(RwLock::of(Observed::new(spins), ())),
            Form::RwSem => Mechanism::RwSem(RwSemaphore::from_flag(flag(), Observed::new(sleeps))),
            // Its waiters spin, but its holder may sleep.
            Form::CpuOwned => Mechanism::CpuOwned(CpuOwnedLock::from_flag(flag(), Observed::new(sleeps))),
            Form::Broken => Mechanism::Broken(WordLock::new(spins)),
            Form::Student => Mechanism::Student(WordLock::new(spins)),
            other => unreachable!("{other} is no guard of a critical section"),
        };
        Guard { lock, mechanism }
    }

    /// Enters the critical section and leaves it when the result is dropped. With a lock that spins, or with
    /// something off, the task must not sleep in between.
    #[track_caller]
    pub fn enter(&self) -> Held<'_, M> {
        let place = Place::caller();
        let off = self.environment(place);
        match self.mechanism.lock() {
            Some(lock) => lock.enter(place),
            None => self.switched(LockStep::Acquired, place),
        }
        Held { guard: self, place, _off: off, _not_send: PhantomData }
    }

    /// What is to be switched off before the lock is taken.
    fn environment(&self, place: Place) -> Off<M> {
        let off: fn() -> Off<M> = match self.lock {
            Form::Spinlock | Form::Ticket | Form::RwLock | Form::PreemptOff => {
                || Off::Preemption(PreemptOff::enter())
            }
            Form::Bh => || Off::Softirqs(BhOff::enter()),
            Form::Irqsave | Form::IrqOff => || Off::Interrupts(IrqSaved::enter()),
            _ => return Off::Nothing,
        };
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::INTERRUPTS) {
            M::tell(What::Irq(IrqStep::Off), place);
        }
        off()
    }

    /// [`enter`](Guard::enter), unless a signal comes while the task sleeps: then [`Errno::EINTR`], and the
    /// task holds nothing. Locks whose waiters cannot be interrupted are entered in any case.
    #[track_caller]
    pub fn enter_interruptible(&self) -> Result<Held<'_, M>, Errno> {
        let place = Place::caller();
        let off = self.environment(place);
        match self.mechanism.lock() {
            Some(lock) => lock.enter_interruptible(place)?,
            None => self.switched(LockStep::Acquired, place),
        }
        Ok(Held { guard: self, place, _off: off, _not_send: PhantomData })
    }

    /// Tells of what is switched off as if it were a lock, where nothing else guards.
    fn switched(&self, step: LockStep, place: Place) {
        if let Mechanism::Switch(watch) = &self.mechanism {
            Watch::<M>::announce(watch, step, Mode::Exclusive, core::ptr::from_ref(self).addr(), place);
        }
    }

    /// Whether some task is in the critical section. Functions that rely on the lock assert this. Without a
    /// lock, and for a spinlock on a machine of one CPU, there is nothing to ask: always `true`.
    pub fn is_held(&self) -> bool {
        self.mechanism.lock().is_none_or(|lock| lock.is_held())
    }

    /// Whether one task at most is in the critical section, on any machine and whatever it does there: not
    /// where there is no lock, or one that lets others pass.
    pub fn excludes(&self) -> bool {
        LOCKS.contains(&self.lock) || self.lock == Form::Ticket
    }

    /// The counters so far. [`None`] where there is no lock.
    pub fn stats(&self) -> Option<LockStats> {
        self.mechanism.lock().map(|lock| lock.stats())
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
    place: Place,
    /// Dropped after the lock was given back.
    _off: Off<M>,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

impl<M: Machine> Drop for Held<'_, M> {
    fn drop(&mut self) {
        match self.guard.mechanism.lock() {
            Some(lock) => lock.leave(self.place),
            None => self.guard.switched(LockStep::Release, self.place),
        }
    }
}

impl<M: Machine> fmt::Debug for Held<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.guard.lock())
    }
}
