//! The interrupt of an experiment: it comes when a task is at one of certain points (`--probe fire`).
//!
//! What comes is the experiment's choice: its device's interrupt, or the tick that ends the task's time slice. It is a real
//! interrupt, sent through the APIC, so it comes where interrupts are on, and otherwise when they are switched on.
//! Meanwhile time does not end the slices of the crew's tasks; those of all other tasks end as always.

use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::event::Access;
use kcore::probe::Plan;

use crate::atomic_fn::AtomicFn;
use crate::machine::SpinLock;
use crate::task;

static POINTS: SpinLock<Vec<String>> = SpinLock::new(Vec::new());
/// Whether there are points: asked at each access of every experiment that has probes.
static ARMED: AtomicBool = AtomicBool::new(false);
/// Called at a point.
static ACTION: AtomicFn = AtomicFn::none();

/// An experiment begins. Unless it [chooses](choose) something else, the tick comes.
pub(crate) fn begin(plan: &Plan) {
    let Plan::Fire { points } = plan else { return };
    let points = points.clone();
    let before = core::mem::replace(&mut *POINTS.lock_irqsave(), points);
    drop(before);
    ARMED.store(true, Relaxed);
    choose(task::schedule::end_slice);
}

/// What comes at the points.
pub fn choose(action: fn()) {
    ACTION.set(action);
}

/// The experiment is over.
pub(crate) fn end() {
    ARMED.store(false, Relaxed);
    let points = core::mem::take(&mut *POINTS.lock_irqsave());
    drop(points);
}

/// Whether an experiment is under way that has an interrupt sent at points.
pub fn is_armed() -> bool {
    ARMED.load(Relaxed)
}

/// A task is about to make `access`. Returns whether the experiment has an interrupt at all.
pub(crate) fn at(access: &Access) -> bool {
    if !is_armed() {
        return false;
    }
    let here = POINTS.lock_irqsave().iter().any(|point| access.is(point));
    if here {
        ACTION.call();
    }
    true
}
