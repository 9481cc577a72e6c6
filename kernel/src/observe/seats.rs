//! Seats for tasks that come by themselves: at the prompt no crew is started, so whoever touches a driver first becomes the
//! participant that a probe waits for.
//!
//! ```text
//! probe rendezvous=slot.store 2     two seats; whoever comes first is A, the next is B
//! dd ... 1<> /dev/scull0 &          takes a seat at its first access, or when it waits for the driver's lock
//! dd ... 1<> /dev/scull0 &          the other seat; the two meet where the slot is stored
//! probe off                         nobody waits any more
//! ```

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::probe::Plan;
use kcore::report::Step;
use kcore::settings::MAX_WRITERS;

use crate::observe::hooks;
use crate::task::listener;

/// Whether tasks are invited: a hint for those who need not ask then. Who gets a seat is decided under the engine's lock.
static OFFERED: AtomicBool = AtomicBool::new(false);

/// Lets the next `tasks` tasks that touch a driver pass its points as `plan` says. At most [`MAX_WRITERS`]. What was said
/// before is over.
pub fn offer(plan: &Plan, tasks: u32) {
    withdraw();
    hooks::begin_open(plan, tasks.min(MAX_WRITERS));
    OFFERED.store(true, Relaxed);
    // Nobody waits for a participant that has ended.
    listener::ENDS.set(hooks::leave);
}

/// Nobody waits at a point any more, and nobody is invited. Returns the steps of a script that could not happen.
pub fn withdraw() -> Vec<Step> {
    if !OFFERED.swap(false, Relaxed) {
        return Vec::new();
    }
    listener::ENDS.clear();
    hooks::end_open()
}

/// Whether tasks are invited.
#[inline]
pub fn are_offered() -> bool {
    OFFERED.load(Relaxed)
}

/// How many seats there are, and how many of them are taken.
pub fn count() -> (u32, u32) {
    hooks::seats()
}
