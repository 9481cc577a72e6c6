//! The watchdog, where no lock event tells it anything.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::machine::{Hooks, LockName, Waiting};
use kcore::probe::Plan;
use kcore::settings::Expect;
use kcore::sync::{Observed, SpinLock};

use super::Answer;
use super::case::same;
use crate::arch::cpu;
use crate::experiments::crew;
use crate::machine::Kernel;
use crate::task::Name;
use crate::{hooks, watchdog};

crate::case! {
    // They take seconds, and the second one ends the machine.
    "watchdog::busy" => busy, hidden = true;
    "watchdog::deaf" => deaf, hidden = true;
}

static LOCK: SpinLock<(), Kernel, Observed> =
    SpinLock::observed(LockName { name: "busy.lock", class: "busy.lock", waiting: Waiting::Spins }, ());

/// A holder that never comes to its end, and somebody who spins for it.
fn busy() -> Answer {
    let stop = watched(|_| {
        let _held = LOCK.lock();
        loop {
            Kernel::spinning();
            cpu::pause();
        }
    })?;
    same("what the watchdog calls it", stop, Some(Expect::Livelock))
}

/// Tasks that hear of nothing.
fn deaf() -> Answer {
    static ENOUGH: AtomicBool = AtomicBool::new(false);
    let stop = watched(|_| {
        while !ENOUGH.load(Relaxed) {
            cpu::pause();
        }
    })?;
    same("what the watchdog calls it", stop, Some(Expect::Livelock))
}

/// What the watchdog finds while two tasks run `body`.
fn watched(body: impl Fn(u32) + Sync) -> Result<Option<Expect>, alloc::string::String> {
    hooks::begin(&Plan::Pass, 2, 0, true);
    let run = crew::run_on(2, &crew::spread, &|_| Name::new(), &body);
    let found = watchdog::take();
    hooks::end();
    run.map_err(|error| alloc::format!("{error:?}"))?;
    Ok(found.map(|stop| stop.cause.verdict()))
}
