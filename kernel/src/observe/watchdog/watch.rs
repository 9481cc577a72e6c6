//! The graph of the running experiment, and the events that it hears of.

use core::panic::Location;
use core::sync::atomic::{
    AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::errno::Errno;
use kcore::event::{Actor, LockId, LockStep, Waiting};
use kcore::holds::Taken;
use kcore::machine::{Context, Cpu, CpuId, TaskId};
use kcore::sync::PREEMPTION_OFF;
use kcore::wait_for::{Finding, Graph, List, Seat, Tasks, Where};

use super::oops::Oops;
use super::stop::{Cause, Seen, Slept, Stop};
use super::{patrol, witness};
use crate::arch::cpu;
use crate::context;
use crate::machine::{Kernel, SpinLock};
use crate::observe::hooks;
use crate::task::table::State;
use crate::task::{self, doom, listing, quiet, schedule, shortage};

/// Kept while an experiment that can come to a stop runs.
static GRAPH: SpinLock<Option<Graph>> = SpinLock::new(None);

/// What was found in this round.
static FOUND: SpinLock<Option<Stop>> = SpinLock::new(None);
/// How far that is.
static STAGE: AtomicU8 = AtomicU8::new(GOES_ON);

/// Nothing is found.
const GOES_ON: u8 = 0;
/// Somebody has found something, and gives the tasks up. They may all have ended before he is through.
const STOPPING: u8 = 1;
/// It is in `FOUND`, and he who put it there does nothing any more.
const STOPPED: u8 = 2;

/// An experiment begins whose tasks may come to a stop. [`Errno::ENOMEM`] without memory for the graph.
pub(crate) fn begin() -> Result<(), Errno> {
    let graph = shortage::without(Graph::try_new).ok_or(Errno::ENOMEM)?;
    let before = GRAPH.lock_irqsave().replace(graph);
    drop(before);
    Ok(())
}

/// A round begins: nothing is found, nobody waits.
pub(crate) fn begin_round() {
    STAGE.store(GOES_ON, Relaxed);
    *FOUND.lock_irqsave() = None;
    if let Some(graph) = GRAPH.lock_irqsave().as_mut() {
        graph.forget_all();
        patrol::begin();
    }
}

/// The experiment is over.
pub(crate) fn end() {
    patrol::end();
    let graph = GRAPH.lock_irqsave().take();
    drop(graph);
}

/// What was found since the round began, if anything was. To be called when the tasks of the round have ended. Waits for
/// whoever is about to say it: an interrupt handler, perhaps, on another CPU.
pub(crate) fn take() -> Option<Stop> {
    // Pairs with the Release in `stop`: nobody gives up the tasks of the next round for what was found in this one.
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
pub fn has_stopped() -> bool {
    STAGE.load(Relaxed) != GOES_ON
}

/// The running task's body has returned.
pub(crate) fn ended() {
    patrol::event();
    let task = task::current();
    with_graph(|graph| graph.ended(task));
}

/// The running task dies: the others of its crew are given up, if it has one.
pub(crate) fn died(oops: Oops) {
    if hooks::crew().any(|member| member == oops.task) {
        stop(Cause::Died(oops));
    }
}

/// Something happens to an observed lock.
pub(crate) fn lock(step: LockStep, lock: &LockId, at: &'static Location<'static>) {
    patrol::event();
    let actor = here();
    if step == LockStep::Wait {
        about_to_wait(actor, lock, at);
    }
    let seat = Seat { cpu: Kernel::cpu(), keeps_cpu: !cfg!(feature = "preempt") || context::is_atomic() };
    let mut finding = None;
    with_graph(|graph| finding = graph.step(actor, seat, step, lock, at, &Scheduler));
    if let Some(finding) = finding {
        stop(Cause::Waits(finding));
    }
}

fn about_to_wait(actor: Actor, lock: &LockId, at: &'static Location<'static>) {
    if lock.name.waiting != Waiting::Spins {
        check_sleep(actor, at);
    }
    // A handler may be on top of a task that is none of the crew, an idle one: that cannot be given up.
    if has_stopped() && hooks::crew().any(|member| member == actor.task) {
        doom::doom(actor.task);
    }
}

/// The caller may sleep now. Where none may, the experiment ends with `invalid-context`.
pub(crate) fn may_sleep(at: &'static Location<'static>) {
    if hooks::is_watched() && hooks::is_of_run() {
        check_sleep(here(), at);
    }
}

fn check_sleep(actor: Actor, at: &'static Location<'static>) {
    let mut slept = Slept::here(actor, at, !cpu::irq_are_on());
    let atomic = context::is_atomic();
    if actor.context == Context::Task {
        let counts = |lock: &Taken| lock.spins && (cfg!(feature = "preempt") || lock.name != PREEMPTION_OFF);
        slept.holding = schedule::this_task().held.observed().find(counts);
    }
    if atomic || slept.holding.is_some() || actor.context != Context::Task {
        stop(Cause::Slept(slept));
    }
}

/// Gives the crew up if none of the run can go on, and somebody of the crew would have to. Returns whether it
/// did: then somebody can run now.
// Its room on the stack is not to be that of every halt.
#[inline(never)]
pub(super) fn nothing_runs() -> bool {
    if !hooks::is_watched() || has_stopped() || !quiet::has_come_to_a_stop() || asleep::<1>().is_empty() {
        return false;
    }
    let mut finding: Option<Finding> = None;
    with_graph(|graph| finding = graph.stuck(&Scheduler));
    let cause = finding.map_or_else(|| Cause::Asleep(asleep()), Cause::Waits);
    stop(cause);
    true
}

/// The tasks of the crew that have not ended, when all of them sleep.
fn asleep<const N: usize>() -> List<TaskId, N> {
    let mut list = List::new();
    let lives = |task: &TaskId| listing::state_of(*task).is_some_and(|state| state != State::Ended);
    hooks::crew().filter(lives).for_each(|task| list.push(task));
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
    hooks::crew().for_each(doom::doom);
    STAGE.store(STOPPED, Release);
}

/// A cycle, if there is one now that the event which closed it did not show.
pub(super) fn search_all() -> Option<Finding> {
    let mut finding = None;
    with_graph(|graph| finding = graph.search_all(&Scheduler));
    finding
}

/// The crew, and what each of its tasks waits for.
fn crew<const N: usize>() -> List<Seen, N> {
    let mut seen = List::new();
    for task in hooks::crew().filter_map(listing::entry) {
        let mut lock = None;
        with_graph(|graph| lock = graph.awaited_by(Actor::task(task.id)));
        seen.push(Seen { task, lock });
    }
    seen
}

fn here() -> Actor {
    Actor { task: task::current(), context: context::current() }
}

fn with_graph(event: impl FnOnce(&mut Graph)) {
    if let Some(graph) = GRAPH.lock_irqsave().as_mut() {
        event(graph);
    }
}

struct Scheduler;

impl Tasks for Scheduler {
    fn whereabouts(&self, task: TaskId) -> Where {
        let Some((state, cpu)) = listing::state_and_cpu(task) else { return Where::Ended };
        match state {
            State::Ended => Where::Ended,
            State::Blocked => Where::Asleep(CpuId(cpu)),
            State::Runnable if listing::is_running(task) => Where::OnCpu(CpuId(cpu)),
            State::Runnable => Where::Runnable(CpuId(cpu)),
        }
    }

    fn gives_up(&self, task: TaskId) -> bool {
        listing::wakes_by_itself(task)
    }
}
