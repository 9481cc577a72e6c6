//! `Shared<T>`: memory that more than one CPU touches on purpose.
//!
//! In Rust terms every access is a relaxed atomic, so the compiler cannot delete the race and nothing is undefined. In
//! machine terms it is a plain `mov`. Every access names its [`Site`] and is a probe point that knows its source line.

use core::panic::Location;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering::AcqRel, Ordering::Relaxed};

use crate::machine::{Access, Hooks, Listeners, Op, Site};

/// Who hears of a store.
const STORES: Listeners = Listeners::PROBE.union(Listeners::TRACE).union(Listeners::WATCH);

/// A value that fits in one machine word.
pub trait Word: Copy {
    /// The atomic of the same size.
    type Atomic: Send + Sync;
    /// A new atomic.
    fn atomic(self) -> Self::Atomic;
    /// A relaxed load.
    fn load(atomic: &Self::Atomic) -> Self;
    /// A relaxed store.
    fn store(atomic: &Self::Atomic, value: Self);
    /// Stores `new` if `current` is there, in one atomic step; says what was there.
    fn compare_exchange(atomic: &Self::Atomic, current: Self, new: Self) -> Result<Self, Self>;
    /// The bits, for the log of stores.
    fn bits(self) -> usize;
}

macro_rules! word {
    ([$($p:ident)?] $t:ty, $atomic:ty, $bits:expr) => {
        impl $(<$p>)? Word for $t {
            type Atomic = $atomic;
            #[inline]
            fn atomic(self) -> $atomic {
                <$atomic>::new(self)
            }
            #[inline]
            fn load(atomic: &$atomic) -> $t {
                atomic.load(Relaxed)
            }
            #[inline]
            fn store(atomic: &$atomic, value: $t) {
                atomic.store(value, Relaxed);
            }
            #[inline]
            fn compare_exchange(atomic: &$atomic, current: $t, new: $t) -> Result<$t, $t> {
                atomic.compare_exchange(current, new, AcqRel, Relaxed)
            }
            #[inline]
            fn bits(self) -> usize {
                $bits(self)
            }
        }
    };
}

word!([] usize, AtomicUsize, |bits| bits);
word!([] u64, AtomicU64, |bits| bits as usize);
word!([T] *mut T, AtomicPtr<T>, |pointer: *mut T| pointer.addr());

/// A location that several CPUs may load and store without a lock.
#[derive(Debug)]
#[repr(transparent)]
pub struct Shared<T: Word> {
    atomic: T::Atomic,
}

impl Shared<usize> {
    /// A location holding a number, for statics.
    pub const fn number(value: usize) -> Self {
        Shared { atomic: AtomicUsize::new(value) }
    }
}

impl<T: Word> Shared<T> {
    /// A location holding `value`.
    #[inline]
    pub fn new(value: T) -> Self {
        Shared { atomic: value.atomic() }
    }

    /// A plain load: a probe point, then a `mov`.
    #[inline]
    #[track_caller]
    pub fn load<M: Hooks>(&self, site: &'static Site) -> T {
        announce::<M>(Listeners::PROBE.union(Listeners::WATCH), site, Op::Load, self.address());
        T::load(&self.atomic)
    }

    /// A plain store: a probe point, then a `mov`.
    #[inline]
    #[track_caller]
    pub fn store<M: Hooks>(&self, site: &'static Site, value: T) {
        if cfg!(feature = "probes") && M::listeners().intersects(STORES) {
            return self.store_told::<M>(self.access(site, value), value);
        }
        T::store(&self.atomic, value);
    }

    /// The store, with those who listen: it may wait before it, and the log learns what was there just before and after it.
    #[cold]
    #[inline(never)]
    fn store_told<M: Hooks>(&self, access: Access, value: T) {
        M::access(&access);
        if !M::listeners().contains(Listeners::TRACE) {
            return T::store(&self.atomic, value);
        }
        M::storing(&access, size_of::<T>());
        let before = T::load(&self.atomic);
        T::store(&self.atomic, value);
        let after = T::load(&self.atomic);
        M::stored(&access, Some([before.bits(), after.bits()]));
    }

    #[track_caller]
    fn access(&self, site: &'static Site, value: T) -> Access {
        Access { site, op: Op::Store(value.bits()), address: self.address(), location: Location::caller() }
    }

    /// Stores `new` if `current` is there: the probe point of a store, then `lock cmpxchg` (Intel SDM vol. 2A). The error is
    /// what was there instead.
    #[inline]
    #[track_caller]
    pub fn compare_exchange<M: Hooks>(&self, site: &'static Site, current: T, new: T) -> Result<T, T> {
        if cfg!(feature = "probes") && M::listeners().intersects(STORES) {
            return self.exchange_told::<M>(self.access(site, new), current, new);
        }
        T::compare_exchange(&self.atomic, current, new)
    }

    #[cold]
    #[inline(never)]
    fn exchange_told<M: Hooks>(&self, access: Access, current: T, new: T) -> Result<T, T> {
        M::access(&access);
        if !M::listeners().contains(Listeners::TRACE) {
            return T::compare_exchange(&self.atomic, current, new);
        }
        M::storing(&access, size_of::<T>());
        let result = T::compare_exchange(&self.atomic, current, new);
        let after = T::load(&self.atomic);
        M::stored(&access, result.ok().map(|before| [before.bits(), after.bits()]));
        result
    }

    /// A load that nobody hears of, for accounting and for setting up.
    #[inline]
    pub fn peek(&self) -> T {
        T::load(&self.atomic)
    }

    /// [`compare_exchange`](Shared::compare_exchange) that nobody hears of, for a lock that tells of itself.
    #[inline]
    pub fn claim(&self, current: T, new: T) -> Result<T, T> {
        T::compare_exchange(&self.atomic, current, new)
    }

    /// A store that nobody hears of, for setting up.
    #[inline]
    pub fn poke(&self, value: T) {
        T::store(&self.atomic, value);
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

/// Clears `bytes` bytes at `address` by `clear`, which stores zeros that are no probe points; the log hears of it.
#[inline]
#[track_caller]
pub(crate) fn clearing<M: Hooks>(site: &'static Site, address: usize, bytes: usize, clear: impl FnOnce()) {
    if !cfg!(feature = "probes") || !M::listeners().contains(Listeners::TRACE) {
        return clear();
    }
    let access = Access { site, op: Op::Store(0), address, location: Location::caller() };
    M::storing(&access, bytes);
    clear();
    M::stored(&access, Some([0; 2]));
}

/// A named probe: a point without an access.
#[inline]
#[track_caller]
pub fn probe<M: Hooks>(site: &'static Site) {
    announce::<M>(Listeners::PROBE, site, Op::Pass, 0);
}

#[inline(always)]
#[track_caller]
fn announce<M: Hooks>(to: Listeners, site: &'static Site, op: Op, address: usize) {
    if cfg!(feature = "probes") && M::listeners().intersects(to) {
        M::access(&Access { site, op, address, location: Location::caller() });
    }
}
