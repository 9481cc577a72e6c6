//! The task that makes the call, and its sleeps (`linux/sched.h`, `linux/sched/signal.h`,
//! `linux/capability.h`).

use core::ffi::{c_int, c_long};
use core::sync::atomic::Ordering::Relaxed;

use kcore::machine::{Cpu, Sched, Sleep};

use super::bug::may_sleep;
use super::time::{cycles, jiffies_in};
use super::wait::has_woken;
use crate::arch::smp;
use crate::machine::Kernel;
use crate::module::call::{self, Call, Task};
use crate::module::later;
use crate::observe::explorer;
use crate::task;
use crate::time::NEVER;

/// As in `linux/sched.h`.
const RUNNING: u32 = 0;
const INTERRUPTIBLE: u32 = 1;
const UNINTERRUPTIBLE: u32 = 2;
const WAKEKILL: u32 = 0x100;
const FOR_EVER: c_long = c_long::MAX;
/// `CAP_DAC_OVERRIDE`.
const DAC_OVERRIDE: c_int = 1;

pub(in crate::module) extern "C" fn __scullery_current() -> *const Task {
    let task = call::here().task;
    // Which signal it is makes no difference to a driver.
    task.pending.set(u64::from(Kernel::interrupted(Sleep::Interruptible)) << 1);
    task
}

pub(in crate::module) extern "C" fn __scullery_set_state(state: u32) {
    call::here().task.state.set(state);
}

pub(in crate::module) extern "C" fn __scullery_signal_pending(_task: *const Task, fatal: c_int) -> c_int {
    let sleep = if fatal == 0 { Sleep::Interruptible } else { Sleep::Killable };
    Kernel::interrupted(sleep).into()
}

pub(in crate::module) extern "C" fn __scullery_cpu() -> c_int {
    Kernel::cpu().0 as c_int
}

pub(in crate::module) extern "C" fn __scullery_cpus() -> c_int {
    smp::cpus() as c_int
}

pub(in crate::module) extern "C" fn capable(capability: c_int) -> bool {
    let credentials = &call::here().credentials;
    if capability == DAC_OVERRIDE { credentials.dac_override } else { credentials.sys_admin }
}

/// What ends a sleep in this state.
pub(super) fn sleep_of(state: u32) -> Sleep {
    match state {
        _ if state & INTERRUPTIBLE != 0 => Sleep::Interruptible,
        _ if state & WAKEKILL != 0 => Sleep::Killable,
        _ => Sleep::Uninterruptible,
    }
}

/// Sleeps in the state that was set, until a waker comes, a signal that ends it, or `end`. Whether it is explored,
/// and that has come at once.
fn sleep(call: &Call<'_>, end: u64) -> bool {
    let state = call.task.state.get();
    if state == RUNNING {
        task::yield_now();
        return false;
    }
    let Some(end) = explorer::sleeps_until(end) else {
        call.task.state.set(RUNNING);
        return true;
    };
    while !has_woken(call) && !call.task.is_woken.swap(false, Relaxed) && !Kernel::is_past(end) {
        if Kernel::interrupted(sleep_of(state)) {
            break;
        }
        Kernel::block_until(end);
    }
    call.task.state.set(RUNNING);
    false
}

pub(in crate::module) extern "C" fn schedule() {
    may_sleep("schedule");
    sleep(call::here(), NEVER);
}

pub(in crate::module) extern "C" fn schedule_timeout(jiffies: c_long) -> c_long {
    may_sleep("schedule_timeout");
    let end = if jiffies == FOR_EVER { NEVER } else { Kernel::cycles().saturating_add(cycles(jiffies)) };
    if sleep(call::here(), end) {
        later::pass(jiffies.max(0) as u64);
        return 0;
    }
    match jiffies {
        // Where it is explored, no time has passed.
        _ if jiffies == FOR_EVER || later::is_on() => jiffies,
        _ => jiffies_in(end.saturating_sub(Kernel::cycles())) as c_long,
    }
}

pub(in crate::module) extern "C" fn schedule_timeout_interruptible(jiffies: c_long) -> c_long {
    __scullery_set_state(INTERRUPTIBLE);
    schedule_timeout(jiffies)
}

pub(in crate::module) extern "C" fn schedule_timeout_uninterruptible(jiffies: c_long) -> c_long {
    __scullery_set_state(UNINTERRUPTIBLE);
    schedule_timeout(jiffies)
}

pub(in crate::module) extern "C" fn cond_resched() {
    task::yield_now();
}

/// # Safety
/// The task is in its call, where C has its address from, or one of a driver's own.
pub(in crate::module) unsafe extern "C" fn wake_up_process(task: *const Task) -> c_int {
    // SAFETY: the driver says that it lasts (I23).
    unsafe { &*task }.wakes();
    1
}
