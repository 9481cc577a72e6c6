//! An experiment and its rounds, or seats for tasks that come by themselves.
//!
//! While an experiment's crew runs, its members are participants 0 to n. What they do goes two ways: to the
//! session, which may make them wait, and to the [log of stores](super::log). While no experiment runs,
//! kmemleak has the stores of all tasks logged.
//!
//! At the prompt no crew is started, so the task that touches a driver first becomes the participant that a
//! probe waits for.
//!
//! ```text
//! probe rendezvous=slot.store 2     two seats; the task that comes first is A, the next B
//! dd ... 1<> /dev/scull0 &          takes a seat at its first access, or when it waits for the driver's lock
//! dd ... 1<> /dev/scull0 &          the other seat; the two meet where the slot is stored
//! probe off                         no task waits any more
//! ```

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::machine::{CpuId, Sched, TaskId};
use kcore::probe::Plan;
use kcore::report::Step;
use kcore::session::Session;
use kcore::settings::MAX_WRITERS;
use kcore::wait_for::Graph;

use super::events::{Listeners, listen, listens};
use super::participant::{CREW, PAUSES, SESSION, follow_sleepers, interrupt_by, leave};
use super::{log, patrol, watchdog};
use crate::machine::Kernel;
use crate::mm::shortage;
use crate::param::STORES_TRACED;
use crate::task::{self, listener};
use crate::{context, println};

/// The task that runs the experiment.
static RUNNER: AtomicU32 = AtomicU32::new(0);
/// Stores are traced while no experiment runs, too.
static TRACED: AtomicBool = AtomicBool::new(false);
/// An experiment runs: the log of stores is its participants'.
static EXPERIMENT: AtomicBool = AtomicBool::new(false);

/// Begins an experiment, which the caller runs, of `participants` that pass points as `plan` says. `traced`:
/// their stores are logged. `watched`: they may come to a stop. [`Errno::ENOMEM`] when there is no memory,
/// and nothing begins.
// What is moved here has no room in the frame of the task that waits for the crew.
#[inline(never)]
pub fn begin(plan: &Plan, participants: u32, traced: bool, watched: bool) -> Result<(), Errno> {
    withdraw();
    let graph = watched.then(|| shortage::without(Graph::try_new).ok_or(Errno::ENOMEM)).transpose()?;
    task::schedule::this_task().of_run.store(true, Relaxed);
    RUNNER.store(Kernel::task().0, Relaxed);
    let session = Session::new(plan, participants, graph);
    let before = core::mem::replace(&mut *SESSION.lock_irqsave(), session);
    drop(before);
    let probe = arm(plan);
    EXPERIMENT.store(true, Relaxed);
    if traced {
        log::begin(false);
    }
    let trace = if traced { Listeners::TRACE } else { Listeners::empty() };
    let watch = if watched { Listeners::WATCH } else { Listeners::empty() };
    listen(Listeners::HELD | Listeners::DRIVERS, probe | trace | watch);
    Ok(())
}

/// Who has to listen for `plan`. Unless the experiment [chooses](interrupt_by) something else, the interrupt
/// is the tick.
pub(super) fn arm(plan: &Plan) -> Listeners {
    PAUSES.store(if let Plan::Delay(pauses) = plan { *pauses } else { 0 }, Relaxed);
    follow_sleepers(plan.orders_all());
    match plan {
        Plan::Pass => Listeners::empty(),
        Plan::Script(_) if plan.orders_all() => Listeners::PROBE | Listeners::STEPS,
        Plan::Delay(_) | Plan::Rendezvous { .. } | Plan::Script(_) => Listeners::PROBE,
        Plan::Fire { .. } => {
            interrupt_by(task::schedule::end_slice);
            Listeners::PROBE | Listeners::FIRE
        }
    }
}

/// Whether it is kept from now on which spinlocks each task has, also while no experiment runs. Without it a
/// task that dies with a driver's spinlock in its hand takes the machine with it: see [`oops`](crate::oops).
/// To be changed while no task has any.
pub fn follow_locks(on: bool) {
    listen(!Listeners::HELD, if on { Listeners::HELD } else { Listeners::empty() });
}

/// Begins a round: the logs are empty, a script starts at its first step. Participant `n` will run on CPU
/// `cpu_of(n)`.
pub fn begin_round(participants: u32, cpu_of: &dyn Fn(u32) -> u32) {
    watchdog::begin_round();
    CREW.begin(participants);
    if listens(Listeners::TRACE) {
        log::begin(false);
    }
    let mut session = SESSION.lock_irqsave();
    session.begin_round();
    (0..participants).for_each(|who| session.engine.running_on(who as u8, CpuId(cpu_of(who))));
    drop(session);
    if listens(Listeners::WATCH) {
        patrol::begin();
    }
}

/// The tasks of the round have ended, some of them without [leaving](super::participant::leave).
pub fn end_round() {
    CREW.end();
}

/// Ends the experiment that the caller runs: nothing of it is listened to any more. Returns the steps of a
/// script that could not happen.
#[inline(never)]
pub fn end() -> Vec<Step> {
    listen(Listeners::HELD | Listeners::DRIVERS, Listeners::empty());
    arm(&Plan::Pass);
    patrol::end();
    task::schedule::this_task().of_run.store(false, Relaxed);
    let session = core::mem::replace(&mut *SESSION.lock_irqsave(), Session::NONE);
    log::end();
    EXPERIMENT.store(false, Relaxed);
    trace(TRACED.load(Relaxed));
    session.engine.given_up()
}

/// Switches the tracing of stores on or off that happen while no experiment runs. On a machine that has no
/// memory for as many as usual it says how many are kept.
pub fn trace(on: bool) {
    TRACED.store(on, Relaxed);
    if EXPERIMENT.load(Relaxed) {
        return;
    }
    listen(!Listeners::TRACE, Listeners::empty());
    log::end();
    if on {
        let kept = log::begin(true);
        if kept < STORES_TRACED {
            println!("kmemleak: the last {kept} stores of each CPU are kept, in an eighth of the heap");
        }
        listen(Listeners::all(), Listeners::TRACE);
    }
}

/// Whether an experiment runs.
pub(super) fn is_under_way() -> bool {
    EXPERIMENT.load(Relaxed)
}

/// Whether what the caller does is the doing of the run under way: the caller is one of its tasks, or a
/// handler or a softirq, on top of whatever task that is. What all others do is no business of the
/// watchdog's.
pub(super) fn is_of_run() -> bool {
    context::in_interrupt() || task::schedule::this_task().of_run.load(Relaxed)
}

/// Whether the experiment is run by a job of a shell, and not by the program that the machine is there for.
pub(super) fn is_job() -> bool {
    task::table::find(TaskId(RUNNER.load(Relaxed))).is_some_and(|task| task.mortal.load(Relaxed))
}

/// Whether a round is under way whose tasks may come to a stop.
pub(super) fn is_watched() -> bool {
    listens(Listeners::WATCH) && CREW.size() > 0
}

/// Lets the next `tasks` tasks that touch a driver pass its points as `plan` says. At most [`MAX_WRITERS`].
/// What was said before is over.
pub fn offer(plan: &Plan, tasks: u32) {
    withdraw();
    let tasks = tasks.min(MAX_WRITERS);
    let mut new = Session::new(plan, tasks, None);
    new.begin_round();
    // No task waits for a participant that has ended.
    listener::ENDS.set(leave);
    listen(Listeners::all(), arm(plan));
    let mut session = SESSION.lock_irqsave();
    let before = core::mem::replace(&mut *session, new);
    CREW.offer(tasks);
    drop(session);
    drop(before);
}

/// No task waits at a point any more, and none is invited. Returns the steps of a script that could not
/// happen.
pub fn withdraw() -> Vec<Step> {
    if !CREW.is_open() {
        return Vec::new();
    }
    listener::ENDS.clear();
    listen(!(Listeners::PROBE | Listeners::FIRE | Listeners::STEPS), Listeners::empty());
    arm(&Plan::Pass);
    let mut session = SESSION.lock_irqsave();
    CREW.withdraw();
    let over = core::mem::replace(&mut *session, Session::NONE);
    drop(session);
    // A task that wakes up at a point finds that it is no participant, and goes on. Which sit is known: each
    // took its seat under the same lock.
    CREW.tasks().for_each(task::wake);
    CREW.end();
    over.engine.given_up()
}

/// How many seats there are, and how many of them are taken.
pub fn seats() -> (u32, u32) {
    CREW.seats()
}
