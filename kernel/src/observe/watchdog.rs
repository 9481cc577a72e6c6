//! The watchdog: it knows when the tasks of an experiment can never go on, says why, and gives them up. The
//! machine goes on.
//!
//! Four things bring it in, none of which is a clock, and a fifth where they see nothing. All of them are
//! asked of the run alone, of its tasks, handlers and softirqs (I21); what other jobs do is their business:
//!
//! - a lock event after which the wait-for graph has a cycle (`kcore::wait_for`): `deadlock`;
//! - a task that is about to sleep where none may: `invalid-context`;
//! - a task that dies of an exception or a panic: `oops`;
//! - all tasks of the run asleep, and nothing to come that could wake one: `stuck`;
//! - a run that has CPUs for seconds while nothing gets done: `livelock`.

use core::sync::atomic::{
    AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::list::List;
use kcore::machine::{Cpu, TaskId};

use super::oops::Oops;
use super::participant::{CREW, SESSION, Scheduler, stop_as_found};
use super::run::is_watched;
use super::stop::{Cause, Seen, Stop};
use super::witness;
use crate::machine::{Kernel, SpinLock};
use crate::task::table::State;
use crate::task::{self, doom, listing, quiet};

/// What was found in this round.
static FOUND: SpinLock<Option<Stop>> = SpinLock::new(class!("what the watchdog found"), None);
/// How far that is.
static STAGE: AtomicU8 = AtomicU8::new(GOES_ON);

/// Nothing is found.
const GOES_ON: u8 = 0;
/// The finder gives the tasks up. They may all have ended before it is through.
const STOPPING: u8 = 1;
/// It is in `FOUND`, and the finder does nothing any more.
const STOPPED: u8 = 2;

/// A round begins: nothing is found.
pub(super) fn begin_round() {
    STAGE.store(GOES_ON, Relaxed);
    *FOUND.lock_irqsave() = None;
}

/// What was found since the round began, if anything was. To be called when the tasks of the round have
/// ended. Waits for a finder that is about to say it: an interrupt handler, perhaps, on another CPU.
pub(crate) fn take() -> Option<Stop> {
    // What a handler has found is in the session before the handler says it.
    stop_as_found();
    // Pairs with the Release in `stop`: no finder gives up the tasks of the next round for what was found in
    // this one.
    while STAGE.load(Acquire) == STOPPING {
        Kernel::relax();
        task::yield_now();
    }
    take_hint()
}

/// [`take`] without waiting: for the end of the machine.
pub(super) fn take_hint() -> Option<Stop> {
    FOUND.lock_irqsave().take()
}

/// Whether the round was stopped: its tasks end where they wait.
pub(super) fn has_stopped() -> bool {
    STAGE.load(Relaxed) != GOES_ON
}

/// The running task dies: the others of its crew are given up, if it has one. Tasks that came by themselves
/// are no crew: the dead one leaves its seat, and the others go on.
pub(crate) fn died(oops: Oops) {
    if !CREW.is_open() && CREW.tasks().any(|member| member == oops.task) {
        stop(Cause::Died(oops));
    }
}

/// The running task, or a handler on top of it, is about to wait for a lock.
pub(super) fn about_to_wait() {
    // A handler may be on top of a task that is none of the crew, an idle one: that cannot be given up.
    let task = task::current();
    if has_stopped() && CREW.tasks().any(|member| member == task) {
        doom::doom(task);
    }
}

/// Gives the crew up if none of the run can go on, and a task of the crew would have to. Returns whether it
/// did: then a task can run now.
// Its room on the stack is not to be that of every halt.
#[inline(never)]
pub(super) fn nothing_runs() -> bool {
    if !is_watched() || has_stopped() || !quiet::has_come_to_a_stop() || asleep::<1>().is_empty() {
        return false;
    }
    SESSION.lock_irqsave().look_at_still(&Scheduler);
    if !stop_as_found() {
        stop(Cause::Asleep(asleep()));
    }
    true
}

/// The tasks of the crew that have not ended, when all of them sleep.
fn asleep<const N: usize>() -> List<TaskId, N> {
    let mut list = List::new();
    let lives = |task: &TaskId| listing::state_of(*task).is_some_and(|state| state != State::Ended);
    CREW.tasks().filter(lives).for_each(|task| list.push(task));
    list
}

/// Keeps the first cause of a round and gives its tasks up.
pub(super) fn stop(cause: Cause) {
    if STAGE.compare_exchange(GOES_ON, STOPPING, Relaxed, Relaxed).is_err() {
        return;
    }
    let witnesses = witness::ask();
    let tasks = crew();
    *FOUND.lock_irqsave() = Some(Stop { cause, witnesses, tasks });
    CREW.tasks().for_each(doom::doom);
    STAGE.store(STOPPED, Release);
}

/// The crew, and what each of its tasks waits for.
fn crew<const N: usize>() -> List<Seen, N> {
    let mut seen = List::new();
    for task in CREW.tasks().filter_map(listing::entry) {
        let lock = SESSION.lock_irqsave().awaited_by(task.id);
        seen.push(Seen { task, lock });
    }
    seen
}
