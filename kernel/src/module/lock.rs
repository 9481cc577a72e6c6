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
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::event::{Class, LockName, Waiting};
use kcore::sync::Observed;

use crate::arch::cpu;
use crate::machine::SpinLock;
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
    pub(super) fn get(&self, kind: &str, waiting: Waiting, make: impl FnOnce(&X, Observed) -> T) -> &T {
        if self.head.state.load(Acquire) != READY {
            self.begin(kind, waiting, make);
        }
        // SAFETY: it is ready, so it is there; `MaybeUninit<T>` lies as a `T` does.
        unsafe { &*self.inner.get().cast::<T>() }
    }

    #[cold]
    #[track_caller]
    fn begin(&self, kind: &str, waiting: Waiting, make: impl FnOnce(&X, Observed) -> T) {
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
        make: impl FnOnce(Observed) -> T,
    ) {
        let at = (&raw const self.head).cast_mut();
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
    fn observed(&self, waiting: Waiting) -> Observed {
        let name = named(self.name, self.file, self.line);
        let class = match waiting {
            Waiting::Spins => class!("spinlock of a driver in C"),
            Waiting::Sleeps | Waiting::Queues => class!("mutex or semaphore of a driver in C"),
            Waiting::Event => Class::EVENT,
        };
        Observed::new(LockName { name, class, waiting })
    }
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
