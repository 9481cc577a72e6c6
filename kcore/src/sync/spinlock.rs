//! A lock whose waiters spin (LDD3 ch. 5, "Spinlocks"; LKD ch. 10).
//!
//! The rules are the book's: the holder does not sleep, and a lock that an interrupt handler takes too is
//! taken with [`SpinLock::lock_irqsave`] everywhere else, or the handler would wait for the code that it has
//! interrupted. What is switched off on this CPU meanwhile is the lock's [`environment`](super::environment).
//!
//! It is not fair, and that is meant: a virtual machine often has more CPUs than its host has cores, and a
//! lock that is promised to a CPU which does not run at the moment is a lock that no CPU has.

use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicBool;

use crate::event::{Change, Class, LockStep, Mode};
use crate::machine::Cpu;
use crate::sync::environment::{Atomic, BhOff, Environment, IrqSaved, PreemptOff};
use crate::sync::raw_lock::RawLock;
use crate::sync::tas::Word;
use crate::sync::watch::{Watch, Watched};

/// The most PAUSEs between two looks at a lock that is taken.
const MOST_PAUSES: u32 = 64;

/// A value that one CPU at a time can use.
#[doc(alias = "spinlock_t")]
pub struct SpinLock<T: ?Sized, M: Cpu, W = Class> {
    /// Set while there is a guard (or between `acquire` and `release`).
    word: Word<M::Flag>,
    watch: W,
    /// Accessed by the CPU that set `word`, and by no other.
    value: UnsafeCell<T>,
}

// SAFETY: the lock owns its value, so to send the one is to send the other.
unsafe impl<T: ?Sized + Send, M: Cpu, W: Send> Send for SpinLock<T, M, W> {}
// SAFETY: the test-and-set lets one CPU at a time at the value: it is sent from one to the next, and never
// shared.
unsafe impl<T: ?Sized + Send, M: Cpu, W: Sync> Sync for SpinLock<T, M, W> {}

impl<T, M: Cpu<Flag = AtomicBool>, W> SpinLock<T, M, W> {
    /// A free lock around `value`: a silent one of a [`class`](crate::class!), or with a `watch` that
    /// hears of it.
    #[doc(alias = "spin_lock_init")]
    pub const fn new(watch: W, value: T) -> Self {
        SpinLock::from_flag(AtomicBool::new(false), watch, value)
    }
}

impl<T, M: Cpu, W> SpinLock<T, M, W> {
    /// A lock around `value` made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W, value: T) -> Self {
        SpinLock { word: Word::from_flag(flag), watch, value: UnsafeCell::new(value) }
    }

    /// The value. No CPU has the lock any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>> SpinLock<T, M, W> {
    /// Switches preemption off on this CPU, waits until the lock is free, and takes it. Dropping the guard
    /// does the reverse, in the reverse order; so it is with each of these.
    ///
    /// A CPU that has the lock already waits for ever: RACES.md R25.
    #[inline]
    #[track_caller]
    #[doc(alias = "spin_lock")]
    pub fn lock(&self) -> SpinGuard<'_, T, M, W> {
        self.lock_in(W::place())
    }

    /// [`lock`](SpinLock::lock) with softirqs off: for a lock that softirqs take, too.
    #[inline]
    #[track_caller]
    #[doc(alias = "spin_lock_bh")]
    pub fn lock_bh(&self) -> SpinBhGuard<'_, T, M, W> {
        self.lock_in(W::place())
    }

    /// [`lock`](SpinLock::lock) with interrupts off: for a lock that interrupt handlers take, too.
    #[inline]
    #[track_caller]
    #[doc(alias = "spin_lock_irqsave")]
    pub fn lock_irqsave(&self) -> SpinIrqGuard<'_, T, M, W> {
        self.lock_in(W::place())
    }

    /// [`lock`](SpinLock::lock) for a caller that no handler and no other task can take the CPU from: nothing
    /// is switched off.
    #[inline]
    #[track_caller]
    pub fn lock_atomic(&self) -> SpinGuard<'_, T, M, W, Atomic> {
        self.lock_in(W::place())
    }

    /// Takes the lock if it is free. An attempt that fails is not counted: only the holder may write the
    /// counters.
    #[inline]
    #[track_caller]
    #[doc(alias = "spin_trylock")]
    pub fn try_lock(&self) -> Option<SpinGuard<'_, T, M, W>> {
        let place = W::place();
        let environment = PreemptOff::enter();
        self.watch.units(Change::TryTake(1), || self.free(), self.address(), place);
        if !self.word.try_acquire() {
            return None;
        }
        self.watch.acquired(None);
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        Some(SpinGuard { lock: self, place, _environment: environment, _not_send: PhantomData })
    }

    #[inline]
    fn lock_in<E: Environment>(&self, place: W::Place) -> SpinGuard<'_, T, M, W, E> {
        // The other order would leave a moment in which a handler on this CPU finds the lock taken, by this
        // CPU.
        let environment = E::enter();
        self.acquire(place);
        SpinGuard { lock: self, place, _environment: environment, _not_send: PhantomData }
    }

    /// Takes the lock without a guard. The caller has entered an environment and calls
    /// [`release`](SpinLock::release).
    #[inline]
    fn acquire(&self, place: W::Place) {
        self.watch.units(Change::Take(1), || self.free(), self.address(), place);
        if self.word.try_acquire() {
            self.watch.acquired(None);
        } else {
            contend::<M, W>(&self.word, &self.watch, self.address(), place);
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    /// Gives the lock back.
    ///
    /// # Safety
    /// The caller has the lock (by [`acquire`](SpinLock::acquire), or by a guard that will not be dropped)
    /// and uses the value no more.
    #[inline]
    unsafe fn release(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(1), || self.free(), self.address(), place);
        self.watch.released();
        self.word.clear();
    }

    /// Gives back a lock whose guard is not at hand: it lies on the stack of a task that a scheduler switched
    /// away from.
    ///
    /// # Safety
    /// The caller has the lock, and no guard of it will be dropped for this acquisition.
    #[inline]
    #[track_caller]
    pub unsafe fn force_unlock(&self) {
        // SAFETY: the caller's promise is that of `release`.
        unsafe { self.release(W::place()) };
    }
}

/// Spins until the lock at `address` is taken, which these are of: the same code for all values.
///
/// The looks between two test-and-sets are plain loads: they leave the cache line shared, where an `xchg`
/// would take it away from the holder each time. While the lock stays taken the looks become rarer, up to
/// a bound: waiters that keep away let the holder finish.
#[cold]
#[inline(never)]
fn contend<M: Cpu, W: Watch<M>>(word: &Word<M::Flag>, watch: &W, address: usize, place: W::Place) {
    let mut wait = W::wait();
    watch.announce(LockStep::Wait, Mode::Exclusive, address, place);
    let mut pauses = 1;
    loop {
        while word.is_set() {
            for _ in 0..pauses {
                M::relax();
            }
            W::spinning();
            pauses = (pauses * 2).min(MOST_PAUSES);
        }
        if word.try_acquire() {
            break;
        }
        W::failed(&mut wait);
    }
    watch.acquired(Some(wait));
}

impl<T: ?Sized, M: Cpu, W> SpinLock<T, M, W> {
    /// Units that are free: see [`Watch::units`].
    fn free(&self) -> u64 {
        u64::from(!self.is_locked())
    }

    /// Whether a CPU has the lock at this moment. Good for assertions and reports, not for decisions.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.word.is_set()
    }

    /// The value, without locking: the owner of the only reference needs no lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized, M: Cpu, W> Watched for SpinLock<T, M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

/// In an environment that the caller has entered.
impl<M: Cpu, W: Watch<M>> RawLock<M> for SpinLock<(), M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        self.acquire(place);
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        // SAFETY: there is no value that a second holder could use.
        unsafe { self.release(place) };
    }

    fn is_held(&self) -> bool {
        !cfg!(feature = "smp") || self.is_locked()
    }
}

impl<T: ?Sized, M: Cpu, W> fmt::Debug for SpinLock<T, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}

/// The right to use the value of a [`SpinLock`]. It ends with the guard, on the CPU that took the lock.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct SpinGuard<'a, T: ?Sized, M: Cpu, W: Watch<M> = Class, E: Environment = PreemptOff<M>> {
    /// Its `word` is set, by us.
    lock: &'a SpinLock<T, M, W>,
    place: W::Place,
    /// Dropped after the guard itself, which gives the lock back.
    _environment: E,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

/// The guard of [`SpinLock::lock_irqsave`].
pub type SpinIrqGuard<'a, T, M, W = Class> = SpinGuard<'a, T, M, W, IrqSaved<M>>;

/// The guard of [`SpinLock::lock_bh`].
pub type SpinBhGuard<'a, T, M, W = Class> = SpinGuard<'a, T, M, W, BhOff<M>>;

// SAFETY: a shared guard gives no more than `&T`.
unsafe impl<T: ?Sized + Sync, M: Cpu, W: Watch<M> + Sync, E: Environment> Sync for SpinGuard<'_, T, M, W, E> where
    W::Place: Sync
{
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Deref for SpinGuard<'_, T, M, W, E> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while the guard lives the lock is ours, and the borrow of the guard rules out a mutable
        // one.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> DerefMut for SpinGuard<'_, T, M, W, E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: while the guard lives the lock is ours, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Drop for SpinGuard<'_, T, M, W, E> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard had the lock, and no reference into the value outlives it.
        unsafe { self.lock.release(self.place) };
    }
}
