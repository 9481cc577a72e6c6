//! A spinlock for many readers or one writer (LDD3 ch. 5, "Reader/Writer Spinlocks"; LKD ch. 10).
//!
//! Readers are preferred, as in Linux's classic `rwlock_t`: a reader gets in whenever no CPU writes, also
//! while a writer waits. So readers that keep coming starve a writer, and a CPU that reads may read again, as
//! an interrupt handler does that interrupts a reader. The rule for handlers follows: where they only read,
//! a reader elsewhere uses [`RwLock::read`] and a writer uses [`RwLock::write_irqsave`].
//!
//! A reader is announced as an owner, like a writer. The probe engine's table of locks knows one holder for
//! each: with several readers it is the one that came last, and the first that goes makes the lock look free.

use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::AtomicUsize;

use crate::event::{ALL_UNITS, Change, Class, LockStep, Mode};
use crate::machine::Cpu;
use crate::sync::AtomicWord;
use crate::sync::environment::{BhOff, Environment, IrqSaved, PreemptOff};
use crate::sync::raw_lock::RawLock;
use crate::sync::rw_guard::{ReadGuard, WriteGuard};
use crate::sync::rw_word::{Brief, RwWord};
use crate::sync::watch::{Watch, Watched};

/// The most PAUSEs between two looks at a lock that is taken.
const MOST_PAUSES: u32 = 64;

/// A value that any number of CPUs can read, or one can write.
///
/// `hold_cycles` of its counters are those of all readers and writers together.
#[doc(alias = "rwlock_t")]
pub struct RwLock<T: ?Sized, M: Cpu, W = Class> {
    word: RwWord<M>,
    watch: W,
    /// Written by the one writer that has the word's bit, read by the readers that the word counts.
    pub(super) value: UnsafeCell<T>,
}

// SAFETY: the lock owns its value, so to send the one is to send the other.
unsafe impl<T: ?Sized + Send, M: Cpu, W: Send> Send for RwLock<T, M, W> {}
// SAFETY: writers send the value from CPU to CPU, and readers share it.
unsafe impl<T: ?Sized + Send + Sync, M: Cpu, W: Sync> Sync for RwLock<T, M, W> {}

impl<T, M: Cpu<Word = AtomicUsize>, W> RwLock<T, M, W> {
    /// A free lock around `value`. `watch` says what hears of it.
    #[doc(alias = "rwlock_init")]
    pub const fn new(watch: W, value: T) -> Self {
        RwLock::from_word(AtomicUsize::new(0), watch, value)
    }
}

impl<T, M: Cpu, W> RwLock<T, M, W> {
    const fn from_word(word: M::Word, watch: W, value: T) -> Self {
        RwLock { word: RwWord::from_word(word), watch, value: UnsafeCell::new(value) }
    }

    /// [`new`](RwLock::new) for machines whose words no `const` can make.
    pub fn of(watch: W, value: T) -> Self {
        RwLock::from_word(M::Word::new(0), watch, value)
    }

    /// The value. No CPU has the lock any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>> RwLock<T, M, W> {
    /// Switches preemption off on this CPU, waits until no CPU writes, and reads together with the other
    /// readers. Dropping the guard does the reverse, in the reverse order; so it is with each of these.
    ///
    /// # Panics
    /// When [`u32::MAX`] guards were forgotten: one more could not be counted.
    #[inline]
    #[track_caller]
    #[doc(alias = "read_lock")]
    pub fn read(&self) -> ReadGuard<'_, T, M, W> {
        self.read_in(W::place())
    }

    /// [`read`](RwLock::read) with softirqs off: where softirqs write.
    #[inline]
    #[track_caller]
    #[doc(alias = "read_lock_bh")]
    pub fn read_bh(&self) -> ReadGuard<'_, T, M, W, BhOff<M>> {
        self.read_in(W::place())
    }

    /// [`read`](RwLock::read) with interrupts off: where interrupt handlers write.
    #[inline]
    #[track_caller]
    #[doc(alias = "read_lock_irqsave")]
    pub fn read_irqsave(&self) -> ReadGuard<'_, T, M, W, IrqSaved<M>> {
        self.read_in(W::place())
    }

    /// Switches preemption off on this CPU, waits until no CPU reads or writes, and has the value alone.
    ///
    /// While readers keep coming it waits: see the [module](self).
    #[inline]
    #[track_caller]
    #[doc(alias = "write_lock")]
    pub fn write(&self) -> WriteGuard<'_, T, M, W> {
        self.write_in(W::place())
    }

    /// [`write`](RwLock::write) with softirqs off: where softirqs read or write.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_lock_bh")]
    pub fn write_bh(&self) -> WriteGuard<'_, T, M, W, BhOff<M>> {
        self.write_in(W::place())
    }

    /// [`write`](RwLock::write) with interrupts off: where interrupt handlers read or write.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_lock_irqsave")]
    pub fn write_irqsave(&self) -> WriteGuard<'_, T, M, W, IrqSaved<M>> {
        self.write_in(W::place())
    }

    /// Reads if no CPU writes. An attempt that fails is not counted. It may also fail because another reader
    /// comes or goes at this moment, or because there are as many as can be counted.
    #[inline]
    #[track_caller]
    #[doc(alias = "read_trylock")]
    pub fn try_read(&self) -> Option<ReadGuard<'_, T, M, W>> {
        let (place, environment) = (W::place(), PreemptOff::enter());
        self.watch.units(Change::TryTake(1), || self.free(), self.address(), place);
        if !self.try_come(&mut None) {
            return None;
        }
        self.watch.announce(LockStep::Acquired, Mode::Shared, self.address(), place);
        Some(ReadGuard::new(self, place, environment))
    }

    /// Takes the lock for writing if it is free. An attempt that fails is not counted.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_trylock")]
    pub fn try_write(&self) -> Option<WriteGuard<'_, T, M, W>> {
        let (place, environment) = (W::place(), PreemptOff::enter());
        self.watch.units(Change::TryTake(ALL_UNITS), || self.free(), self.address(), place);
        if !self.try_alone(&mut None) {
            return None;
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        Some(WriteGuard::new(self, place, environment))
    }

    #[inline]
    fn read_in<E: Environment>(&self, place: W::Place) -> ReadGuard<'_, T, M, W, E> {
        let environment = E::enter();
        self.enter_read(place);
        ReadGuard::new(self, place, environment)
    }

    /// Comes in as a reader without a guard. The caller has entered an environment and calls
    /// [`leave_read`](RwLock::leave_read).
    ///
    /// # Panics
    /// As for [`read`](RwLock::read).
    #[inline]
    pub fn enter_read(&self, place: W::Place) {
        self.watch.units(Change::Take(1), || self.free(), self.address(), place);
        if !self.try_come(&mut None) {
            let come = |wait: &mut _| {
                assert!(
                    self.readers() < u32::MAX,
                    "more guards of a RwLock were forgotten than it can count"
                );
                self.try_come(wait)
            };
            self.contend(Mode::Shared, place, come, || self.word.is_bit_set());
        }
        self.watch.announce(LockStep::Acquired, Mode::Shared, self.address(), place);
    }

    #[inline]
    fn write_in<E: Environment>(&self, place: W::Place) -> WriteGuard<'_, T, M, W, E> {
        let environment = E::enter();
        self.acquire_write(place);
        WriteGuard::new(self, place, environment)
    }

    /// Takes the lock for writing without a guard. The caller has entered an environment and calls
    /// [`release_write`](RwLock::release_write).
    #[inline]
    fn acquire_write(&self, place: W::Place) {
        self.watch.units(Change::Take(ALL_UNITS), || self.free(), self.address(), place);
        if !self.try_alone(&mut None) {
            self.contend(Mode::Exclusive, place, |wait| self.try_alone(wait), || self.word.is_taken());
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    /// Gives the lock back.
    ///
    /// # Safety
    /// The caller has the lock for writing and uses the value no more.
    #[inline]
    pub(super) unsafe fn release_write(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(ALL_UNITS), || self.free(), self.address(), place);
        self.watch.released();
        self.word.clear_bit(0);
    }

    /// Ends a reader.
    ///
    /// # Safety
    /// The caller is one of the readers and uses the value no more.
    #[inline]
    pub unsafe fn leave_read(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Shared, self.address(), place);
        self.watch.units(Change::Give(1), || self.free(), self.address(), place);
        if !W::COUNTS {
            return self.word.go();
        }
        let _brief = Brief::<M>::enter();
        // No CPU writes, so the bit is free or a reader has it for a few instructions.
        let readers = loop {
            match self.word.try_bit() {
                Some(readers) => break readers,
                None => M::relax(),
            }
        };
        self.watch.released();
        self.word.clear_bit(readers - 1);
    }

    /// One try to read.
    #[inline]
    fn try_come(&self, wait: &mut Option<W::Wait>) -> bool {
        if !W::COUNTS {
            return self.word.come();
        }
        let _brief = Brief::<M>::enter();
        let Some(readers) = self.word.try_bit() else { return false };
        let has_come = readers < u32::MAX as usize;
        if has_come {
            self.watch.acquired(wait.take());
        }
        self.word.clear_bit(readers + usize::from(has_come));
        has_come
    }

    /// One try to write.
    #[inline]
    fn try_alone(&self, wait: &mut Option<W::Wait>) -> bool {
        let is_alone = self.word.try_alone();
        if is_alone {
            self.watch.acquired(wait.take());
        }
        is_alone
    }

    /// Spins until `attempt` succeeds, which is made whenever the lock does not look `taken`. The looks are
    /// plain loads, and become rarer: see `SpinLock`.
    #[cold]
    #[inline(never)]
    fn contend(
        &self,
        mode: Mode,
        place: W::Place,
        attempt: impl Fn(&mut Option<W::Wait>) -> bool,
        is_taken: impl Fn() -> bool,
    ) {
        let mut wait = Some(W::wait());
        self.watch.announce(LockStep::Wait, mode, self.address(), place);
        let mut pauses = 1;
        loop {
            while is_taken() {
                for _ in 0..pauses {
                    M::relax();
                }
                W::spinning();
                pauses = (pauses * 2).min(MOST_PAUSES);
            }
            if attempt(&mut wait) {
                return;
            }
            wait.iter_mut().for_each(W::failed);
        }
    }
}

impl<T: ?Sized, M: Cpu, W> RwLock<T, M, W> {
    /// Units that are free: see [`Watch::units`].
    fn free(&self) -> u64 {
        self.word.unwritten().map_or(0, |readers| ALL_UNITS - u64::from(readers))
    }

    /// How many read at this moment. Good for assertions and reports, not for decisions.
    pub fn readers(&self) -> u32 {
        self.word.readers()
    }

    /// Whether a CPU writes at this moment, or a reader comes or goes. Good for assertions and reports.
    pub fn is_write_locked(&self) -> bool {
        self.word.is_bit_set()
    }

    /// The value, without locking: the owner of the only reference needs no lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized, M: Cpu, W> Watched for RwLock<T, M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

/// Taken for writing, in an environment that the caller has entered.
impl<M: Cpu, W: Watch<M>> RawLock<M> for RwLock<(), M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        self.acquire_write(place);
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        // SAFETY: there is no value that a second holder could use.
        unsafe { self.release_write(place) };
    }

    fn is_held(&self) -> bool {
        !cfg!(feature = "smp") || self.is_write_locked()
    }
}

impl<T: ?Sized, M: Cpu, W> fmt::Debug for RwLock<T, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock")
            .field("readers", &self.readers())
            .field("write_locked", &self.is_write_locked())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "smp"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::host::{Host, HostMachine};

    /// The last guard that can be counted is given, the next one refused; a writer gets in neither before nor
    /// after.
    #[test]
    fn forgotten_guards_do_not_wrap() {
        Host::new().run(|| {
            let lock: RwLock<u32, HostMachine> = RwLock::new(crate::class!("test"), 1);
            lock.word.clear_bit(u32::MAX as usize - 1);
            let last = lock.read();
            assert_eq!((*last, lock.readers()), (1, u32::MAX));
            assert!(lock.try_read().is_none() && lock.try_write().is_none());
            let refused = catch_unwind(AssertUnwindSafe(|| drop(lock.read())));
            let said = refused.expect_err("one more than can be counted");
            assert!(said.downcast_ref::<&str>().is_some_and(|said| said.contains("RwLock")));
            assert_eq!((lock.readers(), lock.is_write_locked()), (u32::MAX, false));
            assert!(lock.try_write().is_none(), "they read");
            drop(last);
            assert_eq!(lock.readers(), u32::MAX - 1);
            drop(lock.read());
        });
    }
}
