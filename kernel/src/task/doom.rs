//! Tasks that are given up: a deadlock is certain, so its tasks will never go on by themselves.
//!
//! A doomed task ends where it waits: asleep, at a probe point, or spinning for an observed lock. At these
//! places it has no lock of the kernel's own, only those of the experiment, which are given up with it. Its
//! stack is abandoned: nothing on it is dropped.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::place::Place;

use super::{mortal, schedule, table};
use crate::arch::{apic, cpu};
use crate::irq::softirq;
use crate::machine::Kernel;
use crate::{context, println};

/// Tasks that were given up are ended wherever the clock finds them.
static BY_FORCE: AtomicBool = AtomicBool::new(false);

/// `task` ends as soon as it waits, or now if it does already.
pub fn doom(task: TaskId) {
    if let Some(found) = table::find(task) {
        found.doomed.store(true, Relaxed);
        schedule::wake(task);
    }
}

/// [`doom`], and the clock of its CPU ends it wherever it finds it, where a fault could end it alone (I18).
pub(crate) fn doom_by_force(task: TaskId) {
    if let Some(found) = table::find(task) {
        found.by_force.store(true, Relaxed);
    }
    doom(task);
}

/// Whether the running task is doomed.
pub fn is_doomed() -> bool {
    schedule::this_task().doomed.load(Relaxed)
}

/// Ends the running task if it is doomed. Called where it waits.
#[inline]
pub fn check() {
    end_if_doomed(schedule::this_task());
}

/// [`check`] for a caller that knows its `task`.
#[inline]
pub(super) fn end_if_doomed(task: &table::Task) {
    if task.doomed.load(Relaxed) {
        abandon(Errno::EDEADLK.code());
    }
}

/// Whether tasks that were given up are ended from now on wherever the clock finds them.
pub(crate) fn use_force(on: bool) {
    BY_FORCE.store(on, Relaxed);
}

/// If [force is used](use_force), or this task [is to be](doom_by_force): ends the running task, which the
/// caller's interrupt has interrupted, if it is doomed and a fault could end it alone where it is (I18).
#[inline]
pub(super) fn end_by_force() {
    let is_forced = BY_FORCE.load(Relaxed) || schedule::this_task().by_force.load(Relaxed);
    if is_forced && is_doomed() && mortal::may_be_ended() {
        abandon(Errno::EDEADLK.code());
    }
}

/// Ends the running task with `code` wherever it is. Leaves whatever it was doing, also the interrupt
/// handlers and softirqs that run on top of it.
#[cold]
pub(crate) fn abandon(code: i32) -> ! {
    leave_all();
    // A call that it was in goes on for ever, as far as its device can tell.
    drop(mortal::inside(None));
    schedule::end(code)
}

/// The running task has nothing any more but its stack: neither handlers and softirqs on top of it, nor a
/// lock that keeps it on its CPU, nor a mutex of the kernel's own. Interrupts are on.
pub(crate) fn leave_all() {
    cpu::irq_save();
    for _ in 0..context::hardirqs() {
        apic::end_of_interrupt();
    }
    context::restore(context::FREE);
    context::leave_locks();
    softirq::abandoned();
    cpu::irq_on();
    let told = |at: Place| println!("the kernel's own mutex that it took at {at} is given back");
    // SAFETY: the task goes on with none of its frames, where the guards are; and nothing in the kernel
    // forgets one.
    unsafe { schedule::this_task().held.give_back_own::<Kernel>(told) };
}
