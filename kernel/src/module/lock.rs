//! A lock in the memory of a driver.
//!
//! One that was declared (`DEFINE_MUTEX`) becomes the lab's own primitive when it is used first; `mutex_init`
//! makes one at once. Any other bytes, zeros or what was never written, are no lock, and the task that uses
//! them dies of it.

use alloc::format;
use alloc::string::String;
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int};
use core::fmt::Write;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::event::{Change, Class, Events, Kinds, LockName, LockStep, Mode, Site, Waiting};
use kcore::place::Place;
use kcore::report::LockStats;
use kcore::sync::{Observed, Statistics, Watch};

use super::blocks;
use crate::arch::cpu;
use crate::machine::{Kernel, SpinLock};
use crate::symbols::names;

/// As `__LOCK_DECLARED` of `scullery/lock.h`.
const DECLARED: u32 = 0x10c4_dec1;
const MAKING: u32 = 0x10c4_3a4e;
const READY: u32 = 0x10c4_4ead;

/// `struct __lock`: whether it is one, and where it was declared.
#[repr(C)]
pub(super) struct Head {
    state: AtomicU32,
    line: u32,
    name: *const c_char,
    file: *const c_char,
}

/// A lock whose primitive is a `T`, behind `X`, which C may look at. INVARIANT: `inner` is there while
/// `state` is `READY`.
#[repr(C)]
pub(super) struct Lock<T, X = ()> {
    head: Head,
    pub(super) more: X,
    inner: UnsafeCell<MaybeUninit<T>>,
}

impl<T, X> Lock<T, X> {
    /// The primitive. `make` makes it of a lock that was declared.
    ///
    /// # Panics
    /// When it is no lock.
    #[track_caller]
    pub(super) fn get(&self, kind: &str, waiting: Waiting, make: impl FnOnce(&X, OfDriver) -> T) -> &T {
        if self.head.state.load(Acquire) != READY {
            self.begin(kind, waiting, make);
        }
        // SAFETY: it is ready, so it is there; `MaybeUninit<T>` lies as a `T` does.
        unsafe { &*self.inner.get().cast::<T>() }
    }

    #[cold]
    #[track_caller]
    fn begin(&self, kind: &str, waiting: Waiting, make: impl FnOnce(&X, OfDriver) -> T) {
        match self.head.state.compare_exchange(DECLARED, MAKING, Acquire, Relaxed) {
            Ok(_) => {
                let made = make(&self.more, self.head.observed(waiting));
                // SAFETY: this task alone makes it, and no other looks at it before it is ready.
                unsafe { self.inner.get().write(MaybeUninit::new(made)) };
                self.head.state.store(READY, Release);
            }
            Err(MAKING) => {
                while self.head.state.load(Acquire) == MAKING {
                    cpu::pause();
                }
            }
            Err(READY) => {}
            Err(other) => {
                blocks::uses(format_args!("the {kind}"), (&raw const self.head).addr(), Place::caller());
                let what = match other {
                    0 => "all zeros",
                    0x5a5a_5a5a => "memory that was never written",
                    0x6b6b_6b6b => "memory that was freed",
                    _ => "other data",
                };
                panic!("the {kind} at {:p} was never initialised: it is {what}", &raw const self.head)
            }
        }
    }

    /// Makes it, whatever was there.
    ///
    /// # Safety
    /// The name and the file are texts that stay, and no task uses the lock.
    pub(super) unsafe fn make(
        &self,
        (name, file, line): (*const c_char, *const c_char, c_int),
        waiting: Waiting,
        make: impl FnOnce(OfDriver) -> T,
    ) {
        let at = (&raw const self.head).cast_mut();
        blocks::uses(format_args!("{}", named(name, file, line as u32)), at.addr(), Place::caller());
        let head = Head { state: AtomicU32::new(MAKING), line: line as u32, name, file };
        // SAFETY: the caller says that no task uses it.
        unsafe { at.write(head) };
        let made = make(self.head.observed(waiting));
        // SAFETY: as above.
        unsafe { self.inner.get().write(MaybeUninit::new(made)) };
        self.head.state.store(READY, Release);
    }
}

impl Head {
    fn observed(&self, waiting: Waiting) -> OfDriver {
        let name = named(self.name, self.file, self.line);
        let class = match waiting {
            Waiting::Spins => class!("spinlock of a driver in C"),
            Waiting::Sleeps | Waiting::Queues => class!("mutex or semaphore of a driver in C"),
            Waiting::Event => Class::EVENT,
        };
        OfDriver(Observed::new(LockName { name, class, waiting }))
    }
}

/// What hears of a lock of a driver: the machine; and when it has let the caller go on, the lock is there still,
/// or the caller uses what was freed.
pub(super) struct OfDriver(Observed);

impl Watch<Kernel> for OfDriver {
    type Place = Place;
    type Wait = <Observed as Watch<Kernel>>::Wait;
    const COUNTS: bool = <Observed as Watch<Kernel>>::COUNTS;

    #[inline(always)]
    #[track_caller]
    fn place() -> Place {
        <Observed as Watch<Kernel>>::place()
    }

    #[inline]
    fn wait() -> Self::Wait {
        <Observed as Watch<Kernel>>::wait()
    }

    #[inline]
    fn failed(wait: &mut Self::Wait) {
        <Observed as Watch<Kernel>>::failed(wait);
    }

    #[inline]
    fn spinning() {
        <Observed as Watch<Kernel>>::spinning();
    }

    #[inline]
    fn polls(&self) -> bool {
        Watch::<Kernel>::polls(&self.0)
    }

    #[inline]
    fn probe(site: &'static Site) {
        <Observed as Watch<Kernel>>::probe(site);
    }

    #[inline]
    fn acquired(&self, wait: Option<Self::Wait>) {
        self.0.acquired(wait);
    }

    #[inline]
    fn released(&self) {
        Watch::<Kernel>::released(&self.0);
    }

    #[inline]
    fn announce(&self, step: LockStep, mode: Mode, address: usize, place: Place) {
        Watch::<Kernel>::announce(&self.0, step, mode, address, place);
    }

    #[inline]
    fn units(&self, change: Change, free: impl FnOnce() -> u64, address: usize, place: Place) {
        Watch::<Kernel>::units(&self.0, change, free, address, place);
        if Kernel::wanted().contains(Kinds::CHECKS) {
            blocks::uses(format_args!("{}", self.0.name().name), address, place);
        }
    }
}

impl Statistics for OfDriver {
    fn name(&self) -> &LockName {
        self.0.name()
    }

    fn stats(&self) -> LockStats {
        self.0.stats()
    }
}

/// The most bytes that a lock has.
const ROOM: usize = size_of::<Head>() + 8 * 20;

/// Those of `bytes`, which nobody writes meanwhile, that are no lock of which a task may be in the middle.
pub(super) fn between(bytes: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut rest = bytes.start..bytes.end;
    core::iter::from_fn(move || {
        let begin = rest.start;
        let mut heads = (begin.next_multiple_of(8)..rest.end.saturating_sub(size_of::<Head>())).step_by(8);
        let head = heads.find(|at| {
            let state = core::ptr::with_exposed_provenance::<u32>(*at);
            // SAFETY: the caller says that it lies in a block; the memory of the heap is mapped for ever.
            let state = unsafe { state.read_volatile() };
            [MAKING, READY].contains(&state)
        });
        let end = head.unwrap_or(rest.end);
        rest.start = rest.end.min(head.map_or(rest.end, |head| head + ROOM));
        (begin < rest.end).then_some(begin..end)
    })
}

/// `dev->lock (scull.c:212)`.
fn named(name: *const c_char, file: *const c_char, line: u32) -> &'static str {
    let text = |at: *const c_char| {
        // SAFETY: the headers put a text there that stays as long as the driver.
        let text = if at.is_null() { c"?" } else { unsafe { CStr::from_ptr(at) } };
        String::from_utf8_lossy(text.to_bytes())
    };
    let (name, file) = (text(name), text(file));
    let (name, file) = (name.trim_start_matches('&'), file.rsplit('/').next().unwrap_or_default());
    // A driver that is explored makes its locks again and again, and often several in one place.
    let last = *LAST.lock_irqsave();
    if is_name(last, name, file, line) {
        return last;
    }
    // No memory for what is known already.
    let mut short = heapless::String::<96>::new();
    let kept = match write!(short, "{name} ({file}:{line})") {
        Ok(()) => names::kept(&short),
        Err(_) => names::kept(&format!("{name} ({file}:{line})")),
    };
    *LAST.lock_irqsave() = kept;
    kept
}

/// The name that was given last.
static LAST: SpinLock<&str> = SpinLock::new(class!("last name of a lock of a driver"), "");

/// Whether `known` is the name of a lock of that `name` which was made there.
fn is_name(known: &str, name: &str, file: &str, line: u32) -> bool {
    let rest = known.strip_prefix(name).and_then(|rest| rest.strip_prefix(" ("));
    let rest = rest.and_then(|rest| rest.strip_prefix(file)).and_then(|rest| rest.strip_prefix(':'));
    let rest = rest.and_then(|rest| rest.strip_suffix(')'));
    rest.is_some_and(|rest| !rest.starts_with(['+', '0']) && rest.parse() == Ok(line))
}
