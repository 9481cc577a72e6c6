//! What hears of a lock's life: nothing, its counters, or its counters and the machine's hooks.
//!
//! The level is a type, so a silent lock, which has no more than its [`Class`], is not one byte and not one
//! instruction larger for it.
//!
//! The counters are written by the lock's holder alone (or under the primitive's own inner lock), so a
//! relaxed load and a relaxed store are enough: no locked instruction is added to what is measured. A reader
//! sees some recent value of each. A waiter counts in a local variable and adds it when it is the holder.

use core::marker::PhantomData;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::event::{
    ALL_UNITS, Change, Class, Events, Kinds, LockId, LockName, LockStep, Mode, Site, Waiting, What,
};
use crate::machine::Cpu;
use crate::place::Place;
use crate::report::LockStats;
use crate::shared;

/// What a primitive tells about itself. The primitives call these; users choose the type.
pub trait Watch<M: Cpu> {
    /// The source line of a caller, if this level cares.
    type Place: Copy;
    /// What a waiter remembers while it waits.
    type Wait;
    /// Whether it counts: then it has one writer at a time, also of several that share the lock.
    const COUNTS: bool = false;

    /// The line that called the caller.
    #[track_caller]
    fn place() -> Self::Place;
    /// The caller's first attempt has failed: it begins to wait.
    fn wait() -> Self::Wait;
    /// One more attempt has failed.
    #[inline(always)]
    fn failed(_wait: &mut Self::Wait) {}
    /// The caller still spins.
    #[inline(always)]
    fn spinning() {}
    /// Whether a waiter may look for a while before it queues up and sleeps. Not where tasks are made to wait
    /// at points: there they queue up in the order in which they come.
    #[inline(always)]
    fn polls(&self) -> bool {
        true
    }
    /// The caller is at `site`, in the middle of a primitive.
    #[inline(always)]
    fn probe(_site: &'static Site) {}
    /// The lock was acquired, after `wait` if it was not free. Called by the holder, or under the inner lock.
    #[inline(always)]
    fn acquired(&self, _wait: Option<Self::Wait>) {}
    /// The lock is about to be given back. Called by the holder, or under the inner lock.
    #[inline(always)]
    fn released(&self) {}
    /// Tells the machine. Called by the task that waits, has acquired, or is about to release; under no inner
    /// lock.
    fn announce(&self, step: LockStep, mode: Mode, address: usize, place: Self::Place);
    /// Tells the machine what the caller is about to do with the units of the lock, of which so many are
    /// `free`. Called before the first attempt, under no inner lock: a listener may keep the caller until it
    /// can have them.
    #[inline(always)]
    fn units(&self, _change: Change, _free: impl FnOnce() -> u64, _address: usize, _place: Self::Place) {}
}

/// A [`Watch`] that has something to report.
pub trait Statistics {
    /// The lock's name.
    fn name(&self) -> &LockName;
    /// The counters so far. Exact when no task or handler uses the lock meanwhile.
    fn stats(&self) -> LockStats;
}

/// A primitive: it lies somewhere, and its level says what is known of it.
pub trait Watched {
    /// Its [`Watch`].
    type Watch;

    /// What hears of its life.
    fn watch(&self) -> &Self::Watch;

    /// Where it is: how listeners tell two locks apart, and find one again that its owner has died with.
    #[inline]
    fn address(&self) -> usize {
        core::ptr::from_ref(self).cast::<()>().expose_provenance()
    }

    /// The counters so far. A failed test-and-set is an attempt that found the lock taken.
    fn stats(&self) -> LockStats
    where
        Self::Watch: Statistics,
    {
        self.watch().stats()
    }

    /// Its name.
    fn name(&self) -> &LockName
    where
        Self::Watch: Statistics,
    {
        self.watch().name()
    }
}

/// A class, but no name, no counters, no events, no cost.
impl<M: Cpu> Watch<M> for Class {
    type Place = ();
    type Wait = ();

    #[inline(always)]
    fn place() {}
    #[inline(always)]
    fn wait() {}

    #[inline(always)]
    fn announce(&self, step: LockStep, _mode: Mode, address: usize, _place: ()) {
        M::ordered(*self, step, address);
    }

    #[inline(always)]
    #[track_caller]
    fn units(&self, change: Change, free: impl FnOnce() -> u64, address: usize, _place: ()) {
        if M::EXPLORES {
            tell_units::<M>(change, LockName::spins(SILENT, *self), free(), address, Place::caller());
        }
    }
}

/// The class of the inner lock of a primitive: no more than that is known of it, and all that is done under
/// it is one step of the primitive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner(pub(super) Class);

impl<M: Cpu> Watch<M> for Inner {
    type Place = ();
    type Wait = ();

    #[inline(always)]
    fn place() {}
    #[inline(always)]
    fn wait() {}

    #[inline(always)]
    fn announce(&self, step: LockStep, _mode: Mode, address: usize, _place: ()) {
        M::ordered(self.0, step, address);
    }
}

/// A name and counters.
#[derive(Debug)]
pub struct Counted {
    name: LockName,
    acquisitions: Counter,
    failures: Counter,
    wait_cycles: Counter,
    hold_cycles: Counter,
    /// How many hold it now: at most 1, except for a semaphore with more units.
    holders: Counter,
    /// When `holders` changed last.
    changed: Counter,
}

/// What a waiter of a [`Counted`] or [`Observed`] lock remembers.
#[derive(Debug)]
pub struct Waited<M> {
    /// When its first attempt failed.
    since: u64,
    /// How many attempts have failed.
    failures: u64,
    _machine: PhantomData<fn() -> M>,
}

impl Counted {
    /// Counters at zero for the lock called `name`.
    pub const fn new(name: LockName) -> Self {
        Counted {
            name,
            acquisitions: Counter::ZERO,
            failures: Counter::ZERO,
            wait_cycles: Counter::ZERO,
            hold_cycles: Counter::ZERO,
            holders: Counter::ZERO,
            changed: Counter::ZERO,
        }
    }

    /// The number of holders becomes `holders`: the time since the last change was spent by each of the old
    /// ones.
    #[inline]
    fn change_holders(&self, holders: u64, now: u64) {
        let elapsed = now.saturating_sub(self.changed.get());
        self.hold_cycles.add(self.holders.get() * elapsed);
        self.holders.set(holders);
        self.changed.set(now);
    }
}

impl<M: Cpu> Watch<M> for Counted {
    type Place = ();
    type Wait = Waited<M>;
    const COUNTS: bool = true;

    #[inline(always)]
    fn place() {}

    #[inline]
    fn wait() -> Waited<M> {
        Waited { since: M::cycles(), failures: 1, _machine: PhantomData }
    }

    #[inline]
    fn failed(wait: &mut Waited<M>) {
        wait.failures += 1;
    }

    #[inline]
    fn acquired(&self, wait: Option<Waited<M>>) {
        let now = M::cycles();
        self.acquisitions.add(1);
        if let Some(wait) = wait {
            self.failures.add(wait.failures);
            // The clocks of two CPUs may differ by a little, and a sleeper may wake on another one.
            self.wait_cycles.add(now.saturating_sub(wait.since));
        }
        self.change_holders(self.holders.get() + 1, now);
    }

    #[inline]
    fn released(&self) {
        // Saturating: a completion may be completed before any task waited for it.
        self.change_holders(self.holders.get().saturating_sub(1), M::cycles());
    }

    #[inline(always)]
    fn announce(&self, step: LockStep, _mode: Mode, address: usize, _place: ()) {
        M::ordered(self.name.class, step, address);
    }

    #[inline(always)]
    #[track_caller]
    fn units(&self, change: Change, free: impl FnOnce() -> u64, address: usize, _place: ()) {
        if M::EXPLORES {
            tell_units::<M>(change, LockName { name: SILENT, ..self.name }, free(), address, Place::caller());
        }
    }
}

impl Statistics for Counted {
    fn name(&self) -> &LockName {
        &self.name
    }

    fn stats(&self) -> LockStats {
        LockStats {
            name: self.name.name.into(),
            acquire: self.acquisitions.get(),
            test_and_set: self.failures.get(),
            hold_cycles: self.hold_cycles.get(),
            wait_cycles: self.wait_cycles.get(),
        }
    }
}

/// [`Counted`], and the machine hears of every wait, acquisition and release: [`Events::tell`].
///
/// The place of an event is the line that called the primitive. A guard that is dropped does not know where:
/// the place of its release is that of its acquisition.
#[derive(Debug)]
pub struct Observed {
    counted: Counted,
}

impl Observed {
    /// Counters at zero for the lock called `name`.
    pub const fn new(name: LockName) -> Self {
        Observed { counted: Counted::new(name) }
    }

    /// The caller takes `step` with `lock`, which is made of words and is no primitive, and has it alone.
    #[track_caller]
    pub fn tell<M: Cpu + Events, L>(&self, lock: &L, step: LockStep) {
        let address = core::ptr::from_ref(lock).addr();
        Watch::<M>::announce(self, step, Mode::Exclusive, address, Place::caller());
    }
}

impl<M: Cpu + Events> Watch<M> for Observed {
    type Place = Place;
    type Wait = Waited<M>;
    const COUNTS: bool = true;

    #[inline(always)]
    #[track_caller]
    fn place() -> Self::Place {
        Place::caller()
    }

    #[inline]
    fn wait() -> Waited<M> {
        <Counted as Watch<M>>::wait()
    }

    #[inline]
    fn failed(wait: &mut Waited<M>) {
        <Counted as Watch<M>>::failed(wait);
    }

    #[inline]
    fn spinning() {
        M::spinning();
    }

    #[inline]
    fn polls(&self) -> bool {
        self.counted.name.waiting != Waiting::Queues && !M::wanted().contains(Kinds::POINTS)
    }

    #[inline]
    fn probe(site: &'static Site) {
        shared::probe::<M>(site);
    }

    #[inline]
    fn acquired(&self, wait: Option<Waited<M>>) {
        self.counted.acquired(wait);
    }

    #[inline]
    fn released(&self) {
        Watch::<M>::released(&self.counted);
    }

    #[inline]
    fn announce(&self, step: LockStep, mode: Mode, address: usize, place: Self::Place) {
        M::ordered(self.counted.name.class, step, address);
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::LOCKS) {
            M::tell(What::Lock(step, LockId { address, name: self.counted.name, mode }), place);
        }
    }

    #[inline]
    fn units(&self, change: Change, free: impl FnOnce() -> u64, address: usize, place: Self::Place) {
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::UNITS) {
            tell_units::<M>(change, self.counted.name, free(), address, place);
        }
    }
}

impl Statistics for Observed {
    fn name(&self) -> &LockName {
        self.counted.name()
    }

    fn stats(&self) -> LockStats {
        self.counted.stats()
    }
}

/// The words of a primitive that is seen from within.
pub static INNER_WORD: Site = Site::new("inner word");

/// What silent locks are called, of which only a machine hears that explores.
pub(super) const SILENT: &str = "a silent lock";

/// Whether only a machine that explores hears of what is called so: a silent lock, and what a wait queue is
/// made of.
pub fn is_silent(name: &str) -> bool {
    [SILENT, super::waiter::GRANT.name, INNER_WORD.name].contains(&name)
}

#[cold]
#[inline(never)]
pub(super) fn tell_units<M: Cpu + Events>(
    change: Change,
    name: LockName,
    free: u64,
    address: usize,
    place: Place,
) {
    let whole = matches!(change, Change::Take(ALL_UNITS) | Change::Give(ALL_UNITS));
    let mode = if free < ALL_UNITS || whole { Mode::Exclusive } else { Mode::Shared };
    M::tell(What::Units(change, LockId { address, name, mode }, free), place);
}

/// A number with one writer at a time, which any CPU may read.
#[derive(Debug)]
struct Counter(AtomicU64);

impl Counter {
    #[expect(clippy::declare_interior_mutable_const, reason = "each use is a fresh counter, as is meant")]
    const ZERO: Counter = Counter(AtomicU64::new(0));

    #[inline]
    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    #[inline]
    fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Not atomic as a whole, on purpose: there is one writer.
    #[inline]
    fn add(&self, value: u64) {
        self.set(self.get().wrapping_add(value));
    }
}
