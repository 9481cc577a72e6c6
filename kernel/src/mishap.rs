//! Deaths on order, for tests: a process that panics at its n-th step, wherever that is.
//!
//! A step is an allocation, or a mutex of the kernel's own that the process has just taken. So n counts
//! through all that it does, and a place that is new is covered without being named.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};

use crate::machine::STEP;
use crate::mm::backtrace;
use crate::task::mortal;
use crate::{context, task};

/// The step at which the next process is to die; 0 while none is.
static ORDERED: AtomicU32 = AtomicU32::new(0);
/// The process that is to die; 0 while none is.
static VICTIM: AtomicU32 = AtomicU32::new(0);
/// It has died.
static HAS_DIED: AtomicBool = AtomicBool::new(false);
/// A return address of a step at which it could not die alone, though it was no handler; 0 when there was
/// none.
static FORBIDDEN: AtomicUsize = AtomicUsize::new(0);

/// How far from here a step's caller is looked for.
const DEPTH: usize = 12;

/// The next process that begins is to die at its `step`th step.
pub(crate) fn order(step: u32) {
    HAS_DIED.store(false, Relaxed);
    VICTIM.store(0, Relaxed);
    ORDERED.store(step, Relaxed);
    STEP.set(count);
}

/// No process is to die any more; whether one has.
pub(crate) fn over() -> bool {
    STEP.clear();
    ORDERED.store(0, Relaxed);
    VICTIM.store(0, Relaxed);
    HAS_DIED.load(Relaxed)
}

/// Where something was allocated that would have ended the machine, had it failed: the address of the call.
pub(crate) fn forbidden() -> Option<u64> {
    Some(FORBIDDEN.swap(0, Relaxed) as u64).filter(|address| *address != 0)
}

/// The running task begins as a process.
pub(crate) fn begins() {
    if ORDERED.load(Relaxed) > 0 {
        let _ = VICTIM.compare_exchange(0, task::current().0, Relaxed, Relaxed);
    }
}

/// The running task makes a step: it dies at the last one.
fn count() {
    let victim = VICTIM.load(Relaxed);
    if victim == 0 || victim != task::current().0 || context::in_interrupt() {
        return;
    }
    if !mortal::may_die_here() {
        let mut addresses = [0; DEPTH];
        backtrace::capture(&mut addresses);
        FORBIDDEN.store(addresses[DEPTH - 1], Relaxed);
        return;
    }
    let left = ORDERED.load(Relaxed).saturating_sub(1);
    ORDERED.store(left, Relaxed);
    if left == 0 {
        VICTIM.store(0, Relaxed);
        HAS_DIED.store(true, Relaxed);
        panic!("a death that was ordered");
    }
}
