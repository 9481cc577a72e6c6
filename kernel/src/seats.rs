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
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::probe::Plan;
use kcore::report::Step;
use kcore::settings::MAX_WRITERS;

use crate::{hooks, task};

/// How many seats there are; 0 while nobody is invited.
static SEATS: AtomicU32 = AtomicU32::new(0);
/// How many have been taken, or more.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// Lets the next `tasks` tasks that touch a driver pass its points as `plan` says. At most [`MAX_WRITERS`]. What was said
/// before is over.
pub fn offer(plan: &Plan, tasks: u32) {
    withdraw();
    let tasks = tasks.min(MAX_WRITERS);
    TAKEN.store(0, Relaxed);
    hooks::begin(plan, tasks, 0, false);
    // Where they will run nobody knows yet; each says so when it arrives at a point.
    hooks::begin_round(tasks, None);
    SEATS.store(tasks, Relaxed);
}

/// Nobody waits at a point any more, and nobody is invited. Returns the steps of a script that could not happen.
pub fn withdraw() -> Vec<Step> {
    if SEATS.swap(0, Relaxed) == 0 {
        return Vec::new();
    }
    let steps = hooks::end();
    // Without the engine whoever wakes up at a point goes on.
    hooks::crew().for_each(task::wake);
    hooks::end_round();
    steps
}

/// Whether tasks are invited.
#[inline]
pub fn are_offered() -> bool {
    SEATS.load(Relaxed) > 0
}

/// Whether somebody is still to come.
pub(crate) fn are_free() -> bool {
    TAKEN.load(Relaxed) < SEATS.load(Relaxed)
}

/// How many seats there are, and how many of them are taken.
pub fn count() -> (u32, u32) {
    let seats = SEATS.load(Relaxed);
    (seats, TAKEN.load(Relaxed).min(seats))
}

/// A free seat, if there is one: it is the caller's from now on.
pub(crate) fn take() -> Option<u8> {
    // Asked first, so that the count stays near the number of seats however often nobody gets one.
    if !are_free() {
        return None;
    }
    let who = TAKEN.fetch_add(1, Relaxed);
    (who < SEATS.load(Relaxed)).then_some(who as u8)
}
