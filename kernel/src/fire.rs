//! The interrupt of an experiment: it comes when a task is at one of certain points (`--probe fire`).
//!
//! What comes is the experiment's choice: its device's interrupt, or the tick that ends the task's time slice. It is a real
//! interrupt, sent through the APIC, so it comes where interrupts are on, and otherwise when they are switched on.

use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use kcore::machine::Access;
use kcore::probe::Plan;

use crate::machine::SpinLock;
use crate::task;

static POINTS: SpinLock<Vec<String>> = SpinLock::new(Vec::new());
/// Called at a point: a `fn()`.
static ACTION: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// An experiment begins. Unless it [chooses](choose) something else, the tick comes.
pub(crate) fn begin(plan: &Plan) {
    let Plan::Fire { points } = plan else { return };
    let points = points.clone();
    let before = core::mem::replace(&mut *POINTS.lock_irqsave(), points);
    drop(before);
    choose(task::schedule::end_slice);
    task::queue::set_slices(false);
}

/// What comes at the points.
pub fn choose(action: fn()) {
    ACTION.store(action as *mut (), Relaxed);
}

/// The experiment is over.
pub(crate) fn end() {
    task::queue::set_slices(true);
    let points = core::mem::take(&mut *POINTS.lock_irqsave());
    drop(points);
}

/// Whether an experiment is under way that has an interrupt sent at points.
pub fn is_armed() -> bool {
    !POINTS.lock_irqsave().is_empty()
}

/// A task is about to make `access`. Returns whether the experiment has an interrupt at all.
pub(crate) fn at(access: &Access) -> bool {
    let points = POINTS.lock_irqsave();
    let armed = !points.is_empty();
    let here = points.iter().any(|point| access.is(point));
    drop(points);
    if here {
        // SAFETY: `choose` alone stores there, and stores a `fn()`; `begin` has called it before there was a point.
        let action = unsafe { core::mem::transmute::<*mut (), fn()>(ACTION.load(Relaxed)) };
        action();
    }
    armed
}
