//! The net below the others: CPUs that are busy while nothing gets done.
//!
//! A spin that no lock event tells of, or a holder that never comes to its end, closes no circle and lets no CPU halt. So
//! while tasks run that may come to a stop, somebody looks now and then whether anything has happened since: a lock event,
//! an access to shared memory, the end of a task. If nothing has for [`PERIODS`] looks, their tasks are given up. This is
//! the one finding that a clock has a part in.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::report::{Record, Summary};

use super::stop::Cause;
use super::watch;
use super::witness::Witness;
use crate::arch::cpu;
use crate::arch::exit::{Exit, exit};
use crate::console::com2;
use crate::time::{self, NEVER};
use crate::{hooks, println, task};

/// Between two looks. A host that stops the whole machine for a while makes one look late, and not several at once.
const PERIOD_MICROSECONDS: u64 = 500_000;
/// Looks without an event after which tasks are given up.
const PERIODS: u32 = 4;
/// Looks after that, until it is clear that they do not even wait for anything where they could be ended.
const GRACE: u32 = 4;

/// When the next look is due.
static NEXT: AtomicU64 = AtomicU64::new(NEVER);
/// What has happened in this round.
static EVENTS: AtomicU32 = AtomicU32::new(0);
/// `EVENTS` at the last look.
static SEEN: AtomicU32 = AtomicU32::new(0);
/// Looks since something happened.
static QUIET: AtomicU32 = AtomicU32::new(0);

/// A round begins.
pub(super) fn begin() {
    QUIET.store(0, Relaxed);
    NEXT.store(cpu::cycles() + time::microseconds(PERIOD_MICROSECONDS), Relaxed);
}

/// The experiment is over.
pub(super) fn end() {
    NEXT.store(NEVER, Relaxed);
}

/// Something has happened.
#[inline]
pub(crate) fn event() {
    EVENTS.fetch_add(1, Relaxed);
}

/// When the calling CPU has to look, if nobody else has before.
pub(crate) fn next() -> u64 {
    NEXT.load(Relaxed)
}

/// The clock of some CPU has interrupted it: looks if it is time.
#[inline]
pub(crate) fn look(now: u64) {
    let due = NEXT.load(Relaxed);
    if now >= due {
        look_around(due, now);
    }
}

/// Not in its caller's place: what it may find is large, and every trap would have room for it on the stack.
#[cold]
#[inline(never)]
fn look_around(due: u64, now: u64) {
    let next = now + time::microseconds(PERIOD_MICROSECONDS);
    if NEXT.compare_exchange(due, next, Relaxed, Relaxed).is_err() || !hooks::is_watched() {
        return;
    }
    if let Some(finding) = watch::search_all() {
        return watch::stop(Cause::Waits(finding));
    }
    let events = EVENTS.load(Relaxed);
    if SEEN.swap(events, Relaxed) != events {
        QUIET.store(0, Relaxed);
        return;
    }
    match QUIET.fetch_add(1, Relaxed) + 1 {
        PERIODS => watch::stop(Cause::Busy(watch::running())),
        quiet if quiet == PERIODS + GRACE => give_up(),
        _ => {}
    }
}

/// Its tasks do not come to any place at which they could be ended.
fn give_up() -> ! {
    if let Some(stop) = watch::take_hint() {
        println!("{}", stop.cause.display(&task::name_of));
        Witness::say_all(stop.witnesses.iter().map(|witness| (*witness, task::name_of(witness.task))));
    }
    com2::record(&Record::Summary(Summary { passed: 0, failed: 1 }));
    println!("verdict: livelock (its tasks cannot even be given up; the machine ends)");
    exit(Exit::Unexpected)
}
