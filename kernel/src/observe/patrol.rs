//! The net below the others: tasks of a run that have their CPUs while nothing gets done.
//!
//! A spin that no lock event tells of, or a holder that never comes to its end, closes no circle and lets no
//! task sleep. So while tasks run that may come to a stop, somebody looks now and then whether anything has
//! happened since: a lock event, an access to shared memory, the end of a task. What counts as time is what
//! the run has had of the CPUs meanwhile: on a machine that others keep busy it takes as much longer as the
//! run gets less. If that was [`PATIENCE`] and nothing has happened, its tasks are given up. This is the one
//! finding that a clock has a part in.
//!
//! The same look finds a run of which nothing can go on, where no CPU halts because others are busy.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::list::List;
use kcore::machine::TaskId;
use kcore::report::{Record, Summary};

use super::participant::{CREW, SESSION, Scheduler, stop_as_found};
use super::run::{is_job, is_watched};
use super::stop::Cause;
use super::watchdog;
use super::witness::Witness;
use crate::arch::exit::{Exit, exit};
use crate::arch::{cpu, smp};
use crate::console::com2;
use crate::irq::under_way;
use crate::println;
use crate::task::listener::{self, NEXT_LOOK};
use crate::task::{self, doom, listing, queue, table};
use crate::time::{self, NEVER};

/// Between two looks, in microseconds. A host that stops the whole machine for a while makes one look late,
/// and not several at once.
const PERIOD: u64 = 500_000;
/// What the run has had of the CPUs without an event when its tasks are given up, in microseconds.
const PATIENCE: u64 = 4 * PERIOD - PERIOD / 2;
/// And after that, when it is clear that they come to no place where they would end; and again, that they
/// cannot be ended at all.
const GRACE: u64 = 4 * PERIOD;

/// What has happened in this round.
static EVENTS: AtomicU32 = AtomicU32::new(0);
/// `EVENTS` at the last look.
static SEEN: AtomicU32 = AtomicU32::new(0);
/// What the run has had of the CPUs in the looks since something happened, in cycles; at most a period for
/// each look.
static IN_VAIN: AtomicU64 = AtomicU64::new(0);

/// A round begins.
pub(super) fn begin() {
    IN_VAIN.store(0, Relaxed);
    doom::use_force(false);
    listener::ALL_HALT.set(watchdog::nothing_runs);
    listener::LOOK.set(look_around);
    NEXT_LOOK.store(cpu::cycles() + time::microseconds(PERIOD), Relaxed);
}

/// The experiment is over.
pub(super) fn end() {
    NEXT_LOOK.store(NEVER, Relaxed);
    listener::LOOK.clear();
    listener::ALL_HALT.clear();
}

/// Something has happened.
#[inline]
pub(super) fn event() {
    EVENTS.fetch_add(1, Relaxed);
}

/// The look that was due at `due`, `now`, unless another CPU does so.
fn look_around(due: u64, now: u64) {
    let next = now + time::microseconds(PERIOD);
    if NEXT_LOOK.compare_exchange(due, next, Relaxed, Relaxed).is_err() || !is_watched() {
        return;
    }
    if SESSION.lock_irqsave().search(&Scheduler) {
        stop_as_found();
        return;
    }
    if !watchdog::nothing_runs() {
        count();
    }
}

/// Counts what the run has had of the CPUs in vain, and gives it up, in three steps.
fn count() {
    let (had, busy) = since_the_last_look();
    let events = EVENTS.load(Relaxed);
    if SEEN.swap(events, Relaxed) != events {
        return IN_VAIN.store(0, Relaxed);
    }
    let before = IN_VAIN.fetch_add(had.min(time::microseconds(PERIOD)), Relaxed);
    let in_vain = IN_VAIN.load(Relaxed);
    let comes_to = |limit| (before..in_vain).contains(&time::microseconds(limit));
    if comes_to(PATIENCE) {
        watchdog::stop(Cause::Busy(busy));
    } else if comes_to(PATIENCE + GRACE) {
        doom::use_force(true);
    } else if comes_to(PATIENCE + 2 * GRACE) {
        give_up();
    }
}

/// What the run has had of the CPUs since the last look, in cycles, and the tasks of the crew that had some
/// of it and do not sleep. A handler that runs may be on top of a task of others.
fn since_the_last_look<const N: usize>() -> (u64, List<TaskId, N>) {
    let handler_runs = (0..smp::cpus()).any(under_way::runs_on);
    let mut sum = if handler_runs { time::microseconds(PERIOD) } else { 0 };
    let mut busy = List::new();
    for (task, entry) in table::of_run().filter_map(|task| Some((task, listing::entry(task.id())?))) {
        let had = entry.run_time.saturating_sub(task.looked_at.swap(entry.run_time, Relaxed));
        sum += had;
        if had > 0 && CREW.tasks().any(|member| member == entry.id) && !queue::is_still(task) {
            busy.push(entry.id);
        }
    }
    (sum, busy)
}

/// Its tasks do not come to any place at which they could be ended, and are nowhere where it could be done by
/// force. A machine that has nothing else to do ends; the others go on without the CPUs that they have.
fn give_up() {
    if let Some(stop) = watchdog::take_hint() {
        println!("{}", stop.cause.display(&task::name_of));
        Witness::say_all(stop.witnesses.iter().map(|witness| (*witness, task::name_of(witness.task))));
    }
    if is_job() {
        return println!("verdict: livelock (its tasks cannot even be given up; the other jobs go on)");
    }
    com2::record(&Record::Summary(Summary { passed: 0, failed: 1 }));
    println!("verdict: livelock (its tasks cannot even be given up; the machine ends)");
    exit(Exit::Unexpected)
}
