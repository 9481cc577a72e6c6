//! A counting semaphore whose waiters sleep (LDD3 ch. 5, "Semaphores and Mutexes"; LKD ch. 10).
//!
//! Waiters are served in the order of their arrival, and a unit that is given back while somebody waits is handed to the
//! waiter: no passer-by can take it in between, and nobody starves.

use core::fmt;
use core::sync::atomic::AtomicBool;

use crate::machine::{LockName, Sched};
use crate::report::LockStats;
use crate::sync::units::Units;
use crate::sync::watch::{Counted, Observed, Silent, Statistics, Watch};

/// A number of units. Initialised to one, it is a mutex (without an owner: anybody may `up` it).
///
/// `hold_cycles` of its counters are those of all units together.
#[doc(alias = "struct semaphore")]
pub struct Semaphore<M: Sched, W: Watch<M> = Silent> {
    units: Units<M, W>,
}

impl<M: Sched<Flag = AtomicBool>> Semaphore<M> {
    /// A semaphore with `count` units, which nobody watches.
    #[doc(alias = "sema_init")]
    pub const fn new(count: usize) -> Self {
        Semaphore::from_flag(AtomicBool::new(false), Silent, count)
    }
}

impl<M: Sched<Flag = AtomicBool>> Semaphore<M, Counted> {
    /// A semaphore with `count` units, with a name and counters.
    pub const fn counted(name: LockName, count: usize) -> Self {
        Semaphore::from_flag(AtomicBool::new(false), Counted::new(name), count)
    }
}

impl<M: Sched<Flag = AtomicBool>> Semaphore<M, Observed>
where
    Observed: Watch<M>,
{
    /// A semaphore with `count` units, with a name and counters, of which the machine hears.
    pub const fn observed(name: LockName, count: usize) -> Self {
        Semaphore::from_flag(AtomicBool::new(false), Observed::new(name), count)
    }
}

impl<M: Sched, W: Watch<M>> Semaphore<M, W> {
    /// A semaphore made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W, count: usize) -> Self {
        Semaphore { units: Units::new(flag, watch, count) }
    }

    /// Takes a unit; sleeps until there is one.
    #[inline]
    #[track_caller]
    pub fn down(&self) {
        self.down_at(W::place());
    }

    /// Takes a unit if there is one and says whether it did. It never sleeps.
    ///
    /// Linux's function returns 0 when it did; this one returns `true`.
    #[inline]
    #[track_caller]
    #[doc(alias = "down_trylock")]
    #[must_use = "if it is true, there is a unit to give back"]
    pub fn try_down(&self) -> bool {
        self.units.try_take(self.address(), W::place())
    }

    /// Gives a unit back: the task that waits longest has it at once, and is woken. It never sleeps, so an interrupt
    /// handler may call it.
    #[inline]
    #[track_caller]
    pub fn up(&self) {
        self.up_at(W::place());
    }

    #[inline]
    pub(crate) fn down_at(&self, place: W::Place) {
        self.units.take(self.address(), place);
    }

    #[inline]
    pub(crate) fn up_at(&self, place: W::Place) {
        self.units.give(self.address(), place);
    }

    /// Units that nobody has at this moment. For reports.
    pub fn count(&self) -> usize {
        self.units.free()
    }

    /// Tasks that sleep in [`down`](Semaphore::down) at this moment. For reports.
    pub fn waiters(&self) -> usize {
        self.units.waiters()
    }

    /// Where the semaphore is: how the machine's hooks tell two locks apart.
    #[inline]
    pub fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

impl<M: Sched, W: Watch<M> + Statistics> Semaphore<M, W> {
    /// The counters so far; a failed test-and-set is a `down` that found no unit.
    pub fn stats(&self) -> LockStats {
        self.units.statistics().stats()
    }

    /// The semaphore's name.
    pub fn name(&self) -> &LockName {
        self.units.statistics().name()
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for Semaphore<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("count", &self.count())
            .field("waiters", &self.waiters())
            .finish_non_exhaustive()
    }
}
