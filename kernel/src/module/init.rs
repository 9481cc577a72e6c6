//! The task that calls the init of a driver, which may die of it, or never come back.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::machine::{Cpu, Sched, Sleep};

use super::driver::Driver;
use crate::arch::percpu;
use crate::dev::Refused;
use crate::machine::Kernel;
use crate::task::table::{self, State};
use crate::task::{doom, listing, spawn_mortal};
use crate::time;

/// How it has ended.
pub(super) enum Outcome {
    /// It has returned this.
    Returned(i32),
    /// Its task has died of it.
    Died,
    /// It would have gone on.
    Ended(&'static str),
}

/// `init_module`, and what is called before it.
pub(super) struct Init {
    pub(super) calls: Vec<ParameterCall>,
    pub(super) init: extern "C" fn() -> i32,
}

impl Init {
    /// Makes all calls, until one fails; what the last has returned.
    pub(super) fn call(&self) -> i32 {
        let failed = self.calls.iter().map(ParameterCall::make).find(|code| *code != 0);
        failed.unwrap_or_else(|| (self.init)())
    }
}

/// A function of its own that is given the text of a parameter (`module_param_cb`).
pub(super) struct ParameterCall {
    /// Its `set`, and the `struct kernel_param`.
    pub(super) function: usize,
    pub(super) parameter: u64,
    pub(super) text: u64,
}

impl ParameterCall {
    fn make(&self) -> i32 {
        // SAFETY: it is the `set` of a `struct kernel_param_ops`, as `module_param_cb` has checked.
        let set = unsafe { core::mem::transmute::<usize, extern "C" fn(u64, u64) -> i32>(self.function) };
        set(self.text, self.parameter)
    }
}

/// Seconds of a CPU that it may have: Linux warns of a task that has one for twice as long (`soft lockup`).
const MOST: u64 = 10;
/// Between two looks, in microseconds.
const PERIOD: u64 = 100_000;

/// Calls it, in a task of its own, which is given up when it has had a CPU for too long, or when a signal
/// comes and it does not heed that. Errors: there is no such task to be had.
pub(super) fn run(driver: &Arc<Driver>) -> Result<Outcome, Refused> {
    let has_returned = Arc::new(AtomicBool::new(false));
    let (returned, at) = (Arc::clone(&has_returned), Arc::as_ptr(driver).expose_provenance());
    let body = move || {
        // SAFETY: the caller has a reference, and waits for the end of this task.
        let driver = unsafe { &*ptr::with_exposed_provenance::<Driver>(at) };
        let code = driver.begin();
        returned.store(true, Relaxed);
        code
    };
    let mut task = spawn_mortal("insmod", percpu::this_cpu(), body).map_err(|_| Errno::ENOMEM)?;
    let mut ended = None;
    loop {
        task = match task.try_join() {
            Ok(code) if has_returned.load(Relaxed) => return Ok(Outcome::Returned(code)),
            Ok(_) => return Ok(ended.map_or(Outcome::Died, Outcome::Ended)),
            Err(task) => task,
        };
        let had = table::find(task.id()).map_or(0, |task| task.run_time.load(Relaxed));
        let runs = listing::state_of(task.id()) == Some(State::Runnable);
        if runs && Kernel::interrupted(Sleep::Interruptible) {
            ended.get_or_insert("by a signal");
        } else if had > time::microseconds(MOST * 1_000_000) {
            ended.get_or_insert("as it had run for 10 s");
        } else if Kernel::interrupted(Sleep::Interruptible) {
            crate::task::signal::send(task.id(), crate::task::Signal::Interrupt);
        }
        if ended.is_some() {
            doom::doom_by_force(task.id());
        }
        Kernel::block_until(Kernel::cycles().saturating_add(time::microseconds(PERIOD)));
    }
}
