//! `Shared<T>`: memory that more than one CPU touches on purpose.
//!
//! In Rust terms every access is a relaxed atomic, so the compiler cannot delete the race and nothing is
//! undefined. In machine terms it is a plain `mov`. Every access names its [`Site`] and is a probe point that
//! knows its source line.

use core::sync::atomic::{
    AtomicPtr, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Relaxed, SeqCst},
    fence,
};

use crate::event::{Access, Events, Kinds, Op, Outcome, Site, Ticket, What};
use crate::place::Place;

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
    /// The value of these bits, which were [some](Word::bits) of such a word.
    fn of_bits(bits: usize) -> Self;
}

macro_rules! word {
    ([$($p:ident)?] $t:ty, $atomic:ty, $bits:expr, $of_bits:expr) => {
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
            #[inline]
            fn of_bits(bits: usize) -> $t {
                $of_bits(bits)
            }
        }
    };
}

word!([] usize, AtomicUsize, |bits| bits, |bits| bits);
word!([] u64, AtomicU64, |bits| bits as usize, |bits| bits as u64);
word!([T] *mut T, AtomicPtr<T>, |pointer: *mut T| pointer.expose_provenance(), core::ptr::with_exposed_provenance_mut);

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
    pub fn load<M: Events>(&self, site: &'static Site) -> T {
        self.load_at::<M>(site, Place::caller())
    }

    /// [`load`](Shared::load), by the caller `at`.
    #[inline]
    pub(crate) fn load_at<M: Events>(&self, site: &'static Site, at: Place) -> T {
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::LOADS) {
            return self.tell_load::<M>(site, at);
        }
        T::load(&self.atomic)
    }

    #[cold]
    #[inline(never)]
    fn tell_load<M: Events>(&self, site: &'static Site, at: Place) -> T {
        telling::<M, T>(self.access(site, Op::Load), at, |_| {
            let seen = self.seen::<M>();
            (seen, Outcome::Saw(seen.bits()))
        })
    }

    /// A plain store: a probe point, then a `mov`.
    #[inline]
    #[track_caller]
    pub fn store<M: Events>(&self, site: &'static Site, value: T) {
        self.store_at::<M>(site, value, Place::caller());
    }

    /// [`store`](Shared::store), by the caller `at`.
    #[inline]
    pub(crate) fn store_at<M: Events>(&self, site: &'static Site, value: T, at: Place) {
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::STORES) {
            return self.tell_store::<M>(site, value, at);
        }
        T::store(&self.atomic, value);
    }

    #[cold]
    #[inline(never)]
    fn tell_store<M: Events>(&self, site: &'static Site, value: T, at: Place) {
        if M::buffers(&self.access(site, Op::Store(value.bits())), at) {
            return;
        }
        telling::<M, ()>(self.access(site, Op::Store(value.bits())), at, |look| {
            let before = look.then(|| T::load(&self.atomic));
            T::store(&self.atomic, value);
            ((), self.stored(before))
        });
    }

    /// Stores `new` if `current` is there: the probe point of a store, then `lock cmpxchg` (Intel SDM vol.
    /// 2A). The error is what was there instead.
    #[inline]
    #[track_caller]
    pub fn compare_exchange<M: Events>(&self, site: &'static Site, current: T, new: T) -> Result<T, T> {
        if cfg!(feature = "probes") && M::wanted().contains(Kinds::STORES) {
            return self.tell_exchange::<M>(site, current, new);
        }
        T::compare_exchange(&self.atomic, current, new)
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn tell_exchange<M: Events>(&self, site: &'static Site, current: T, new: T) -> Result<T, T> {
        telling::<M, _>(self.access(site, Op::Swap(new.bits())), Place::caller(), |_| {
            let result = T::compare_exchange(&self.atomic, current, new);
            let outcome = match result {
                Ok(before) => self.stored(Some(before)),
                Err(_) => Outcome::Failed,
            };
            (result, outcome)
        })
    }

    /// What the caller sees: its own store, if one waits.
    #[inline]
    fn seen<M: Events>(&self) -> T {
        M::forwarded(self.address()).map_or_else(|| T::load(&self.atomic), T::of_bits)
    }

    /// What a store came to that found `before`, if it has looked.
    fn stored(&self, before: Option<T>) -> Outcome {
        let bits = |value: T| value.bits();
        Outcome::Stored {
            before: before.map_or(0, bits),
            after: before.map_or(0, |_| bits(T::load(&self.atomic))),
        }
    }

    /// A load by a spinning waiter, which is no probe point: it is told to a machine that explores.
    #[inline]
    #[track_caller]
    pub fn look<M: Events>(&self, site: &'static Site) -> T {
        match self.tell_unsteered::<M>(site, Op::Look) {
            Some(ticket) if M::wanted().contains(Kinds::OUTCOMES) => {
                let seen = self.seen::<M>();
                M::told(ticket, Outcome::Saw(seen.bits()));
                seen
            }
            _ => self.seen::<M>(),
        }
    }

    /// A store that is no probe point, and may end what others spin for.
    #[inline]
    #[track_caller]
    pub fn put<M: Events>(&self, site: &'static Site, value: T) {
        if M::buffers(&self.access(site, Op::Put(value.bits())), Place::caller()) {
            return;
        }
        self.tell_unsteered::<M>(site, Op::Put(value.bits()));
        T::store(&self.atomic, value);
    }

    /// [`compare_exchange`](Shared::compare_exchange) of a waiter that spins for it, which is no probe point.
    #[inline]
    #[track_caller]
    pub fn claim<M: Events>(&self, site: &'static Site, current: T, new: T) -> Result<T, T> {
        self.tell_unsteered::<M>(site, Op::Update);
        T::compare_exchange(&self.atomic, current, new)
    }

    #[inline]
    #[track_caller]
    fn tell_unsteered<M: Events>(&self, site: &'static Site, op: Op) -> Option<Ticket> {
        let is_wanted = cfg!(feature = "probes") && M::wanted().contains(Kinds::UNSTEERED);
        let at = Place::caller();
        is_wanted.then(|| M::tell(What::Access(self.access(site, op)), at))
    }

    /// A load by the account of what others have done: no event.
    #[inline]
    pub fn audit(&self) -> T {
        T::load(&self.atomic)
    }

    /// A store before others know of it: no event.
    #[inline]
    pub fn set_up(&self, value: T) {
        T::store(&self.atomic, value);
    }

    fn access(&self, site: &'static Site, op: Op) -> Access {
        Access { site, op, address: self.address(), size: size_of::<T>() }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

/// Makes `access`, which is wanted, by `make`, for the caller `at`: told before and, to a listener that wants
/// outcomes, after. `make` says what it came to, and is told whether that is wanted.
#[inline]
fn telling<M: Events, R>(access: Access, at: Place, make: impl FnOnce(bool) -> (R, Outcome)) -> R {
    let ticket = M::tell(What::Access(access), at);
    let wants_outcome = M::wanted().contains(Kinds::OUTCOMES);
    let (result, outcome) = make(wants_outcome);
    if wants_outcome {
        M::told(ticket, outcome);
    }
    result
}

/// Clears `size` bytes at `address` by `clear`, which stores zeros that are no probe points.
#[inline]
#[track_caller]
pub(crate) fn clearing<M: Events>(site: &'static Site, address: usize, size: usize, clear: impl FnOnce()) {
    if !cfg!(feature = "probes") || !M::wanted().contains(Kinds::RUNS) {
        return clear();
    }
    telling::<M, ()>(Access { site, op: Op::Clear, address, size }, Place::caller(), |_| {
        (clear(), Outcome::ZEROS)
    });
}

/// The caller is about to read a run of `size` bytes at `address`, or to write one: no probe point.
#[inline]
#[track_caller]
pub(crate) fn copying<M: Events>(site: &'static Site, op: Op, address: usize, size: usize) {
    if cfg!(feature = "probes") && M::wanted().contains(Kinds::UNSTEERED) && size > 0 {
        M::tell(What::Access(Access { site, op, address, size }), Place::caller());
    }
}

/// The caller is about to use an atomic of its own that other tasks use as well: no probe point.
#[inline]
#[track_caller]
pub(crate) fn touching<M: Events, A>(site: &'static Site, op: Op, atomic: &A) {
    copying::<M>(site, op, core::ptr::from_ref(atomic).addr(), size_of::<A>());
}

/// A full fence (x86: `mfence`): what comes after it sees what others have stored before it was made.
#[inline]
#[track_caller]
pub(crate) fn full_fence<M: Events>() {
    M::drains(Place::caller());
    fence(SeqCst);
}

/// A named point: a probe point without an access.
#[inline]
#[track_caller]
pub fn probe<M: Events>(site: &'static Site) {
    if cfg!(feature = "probes") && M::wanted().contains(Kinds::POINTS) {
        M::tell(What::Access(Access { site, op: Op::Point, address: 0, size: 0 }), Place::caller());
    }
}
