//! A task of the crew: its begin, its points, its end; and the session that it asks.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::class;
use kcore::event::{Actor, Event, LockId, LockStep, Waiting, What};
use kcore::machine::{Cpu, CpuId, Sched, Sleep, TaskId};
use kcore::place::Place;
use kcore::probe::Decision;
use kcore::session::{Answer, Crew, Session, Slept, Standing};
use kcore::wait_for::{Tasks, Where};

use super::events::{Listeners, listens};
use super::stop::Cause;
use super::{patrol, run, watchdog};
use crate::arch::cpu;
use crate::atomic_fn::AtomicFn;
use crate::machine::{Kernel, SpinLock};
use crate::task::table::State;
use crate::task::{self, listener, listing, schedule};
use crate::{context, time};

/// Decides which participant may pass, and knows which actor waits for which. Lock order: a primitive's own
/// lock -> session -> run queue. The tasks that it names are woken after it is given back.
pub(super) static SESSION: SpinLock<Session> = SpinLock::new(
    class!("session", "What happens in the run is told under it, and whom it names is woken without it."),
    Session::NONE,
);

/// The crew of the run, or the tasks that have come by themselves.
pub static CREW: Crew = Crew::nobody();

/// PAUSEs at each point; for `pause` and `delay`, which ask no session.
pub(super) static PAUSES: AtomicU32 = AtomicU32::new(0);
/// What a PAUSE of a delay may take, on average. It takes less than one on a CPU of its own.
const PAUSE_MICROSECONDS: u64 = 10;

/// What interrupts a task at the points of `--probe fire`: the experiment's device, or the tick that ends the
/// time slice. It is a real interrupt, sent through the APIC, so it comes where interrupts are on, and
/// otherwise when they are switched on. Meanwhile time does not end the slices of the crew's tasks; those of
/// all other tasks end as always.
pub(super) static INTERRUPT: AtomicFn = AtomicFn::none();

/// What interrupts tasks at the points from now on.
pub fn interrupt_by(action: fn()) {
    INTERRUPT.set(action);
}

/// Whether an experiment is under way that has an interrupt sent at points.
pub fn is_interrupted() -> bool {
    listens(Listeners::FIRE)
}

/// The running task is participant `who` from now on, and begins when a script lets it.
pub fn enter(who: u8) {
    CREW.enter(who, task::current());
    start(who);
}

/// It begins when a script lets it.
fn start(who: u8) {
    // A task that is still to come may have to come to this CPU, or want the lock: this one waits at its
    // points, and not here.
    let at_once = keeps_cpu();
    let decision = ask(who, |session| match at_once {
        true => (Decision::Go, session.engine.begin_at_once(who)).into(),
        false => session.engine.start(who).into(),
    });
    pass(who, decision, false);
}

/// The running task is no participant any more, if it was one: it has come to its end, or it dies. No
/// other waits for it at a point.
pub fn leave() {
    let Some(who) = current() else { return };
    patrol::event();
    let task = task::current();
    ask(who, |session| {
        CREW.leave(who);
        session.finished(who, Some(task))
    });
    if is_interrupted() {
        schedule::set_timed(true);
    }
}

/// Participant `who` will not come: its task could not be started.
pub fn leave_unstarted(who: u8) {
    with_session(|session| session.finished(who, None));
}

/// A task is at a point.
pub(super) fn point(what: &What, at: Place) {
    if !listens(Listeners::PROBE | Listeners::WATCH) {
        return;
    }
    let Some(who) = current().or_else(newcomer) else { return };
    if listens(Listeners::WATCH) {
        patrol::event();
    }
    if listens(Listeners::PROBE) {
        match PAUSES.load(Relaxed) {
            0 => arrive(who, what, at),
            pauses => delay(pauses),
        }
    }
}

/// Executes PAUSE this often; less often where a PAUSE takes long. Where one host thread runs all CPUs, each
/// hands the thread on, and it comes back a tenth of a second later from every CPU that has something to do.
fn delay(pauses: u32) {
    let since = Kernel::cycles();
    let most = time::microseconds(PAUSE_MICROSECONDS * u64::from(pauses));
    for _ in 0..pauses {
        cpu::pause();
        if Kernel::cycles().wrapping_sub(since) > most {
            break;
        }
    }
}

/// Something happens to an observed lock: what is no doing of the run is no business of the session's.
pub(super) fn lock(what: &What, step: LockStep, lock: &LockId, at: Place) {
    let is_watched = listens(Listeners::WATCH) && run::is_of_run();
    if !context::in_interrupt() {
        schedule::this_task().held.step(step, lock, at);
    }
    // A task that gives a lock back still has it, whatever its book says: it must not wait here.
    let who = current().or_else(|| if step == LockStep::Release { None } else { newcomer() });
    if is_watched {
        patrol::event();
    }
    if is_watched || who.is_some() && listens(Listeners::PROBE) {
        tell(what, at, who);
    }
    if is_watched && step == LockStep::Wait {
        watchdog::about_to_wait();
    } else if step == LockStep::Wait && lock.name.waiting != Waiting::Spins {
        may_sleep(what, at);
    }
}

/// What is called where a task sleeps that must not, and no run has a verdict for that.
pub static SLEPT: AtomicFn<fn(&Slept)> = AtomicFn::none();

/// The running task may sleep.
pub(super) fn may_sleep(what: &What, at: Place) {
    let Some(say) = SLEPT.get().filter(|_| !run::is_of_run()) else { return };
    let (event, standing) = stands(what, at, None);
    if let Some(slept) = Slept::of(&event, &standing) {
        say(&slept);
    }
}

/// The running task, or the handler on top of it.
pub(super) fn actor() -> Actor {
    Actor { task: task::current(), context: context::current() }
}

/// Whether the session hears from now on of participants that sleep, and of those that are woken.
pub(super) fn follow_sleepers(on: bool) {
    if !on {
        listener::SLEEPS.clear();
        return listener::WOKEN.clear();
    }
    listener::SLEEPS.set(|| {
        if let Some(who) = current() {
            ask(who, |session| (Decision::Go, session.engine.sleeps(who)).into());
        }
    });
    listener::WOKEN.set(|task| {
        if let Some(who) = CREW.who(task) {
            with_session(|session| (Decision::Go, session.engine.woken(who)).into());
        }
    });
}

/// Which participant the caller is. A handler on top of one is none.
#[inline]
fn current() -> Option<u8> {
    if context::in_interrupt() { None } else { CREW.who(task::current()) }
}

/// A task that has just taken a seat.
fn newcomer() -> Option<u8> {
    // A task that a signal has sent away from a point does not sit down again.
    if !CREW.is_open() || context::in_interrupt() || Kernel::interrupted(Sleep::Interruptible) {
        return None;
    }
    let mut session = SESSION.lock_irqsave();
    let who = CREW.take(task::current())?;
    session.engine.running_on(who, Kernel::cpu());
    drop(session);
    start(who);
    Some(who)
}

/// Whether the running task must not give its CPU to another one, which might spin for what it has.
fn keeps_cpu() -> bool {
    schedule::this_task().held.spinlocks() > 0 || context::is_atomic()
}

/// Waits at a point for as long as the session says.
fn arrive(who: u8, what: &What, at: Place) {
    let atomic = keeps_cpu();
    if atomic && CREW.are_free() {
        // A task that is still to come may have to come to this CPU.
        return;
    }
    let decision = tell(what, at, Some(who));
    pass(who, decision, atomic);
}

/// Does what was decided of the running task, participant `who`.
fn pass(who: u8, decision: Decision, atomic: bool) {
    match decision {
        Decision::Go => {}
        Decision::Interrupt => INTERRUPT.call(),
        Decision::Wait => wait(who, atomic),
    }
}

fn wait(who: u8, atomic: bool) {
    let task = task::current();
    loop {
        // A task that holds a spinlock must not give its CPU to another one, which might spin on that lock
        // for ever.
        if atomic {
            task::halt_in_place()
        } else {
            task::block_untold()
        }
        if CREW.is_open() && Kernel::interrupted(Sleep::Interruptible) {
            leave();
        }
        let session = SESSION.lock_irqsave();
        if !CREW.is(who, task) || session.engine.may_go(who) {
            return;
        }
    }
}

/// Tells of what the running task, or a handler on top of it, is about to do, and does what is answered;
/// whether it goes on. `who`: the participant that the task was when it was looked up; if its seat was
/// withdrawn since, it is none.
pub(super) fn tell(what: &What, at: Place, who: Option<u8>) -> Decision {
    let (event, mut standing) = stands(what, at, who);
    with_session(|session| {
        standing.who = who.filter(|who| CREW.is(*who, event.actor.task));
        session.on(&event, &standing, &Scheduler)
    })
}

/// What happens, and how its actor stands.
fn stands(what: &What, at: Place, who: Option<u8>) -> (Event, Standing<'static>) {
    let (is_atomic, interrupts_off) = (context::is_atomic(), !cpu::irq_are_on());
    let (held, preemptive) = (&schedule::this_task().held, cfg!(feature = "preempt"));
    let event = Event { actor: actor(), cpu: Kernel::cpu(), at, what: *what };
    (event, Standing { who, held, is_atomic, interrupts_off, preemptive })
}

/// Tells of an `event` of participant `who`, if the running task is that still; whether it goes on.
fn ask(who: u8, event: impl FnOnce(&mut Session) -> Answer) -> Decision {
    let task = task::current();
    with_session(|session| if CREW.is(who, task) { event(session) } else { Answer::GO })
}

/// Tells the session of `event`, wakes the participants that the answer names, and gives the crew up if it
/// says so.
fn with_session(event: impl FnOnce(&mut Session) -> Answer) -> Decision {
    // A task that is woken, or any other of this CPU, may come to its next point and halt the CPU in place:
    // from the event until all are woken the caller does not lose it, not even where the lock is given back
    // and a tick has been waiting for that.
    Kernel::preempt_disable();
    let answer = event(&mut SESSION.lock_irqsave());
    if answer.stops {
        stop_as_found();
    }
    CREW.named(answer.wake).for_each(task::wake);
    Kernel::preempt_enable();
    answer.decision
}

/// Gives the crew up for what was found, if anything was; whether it was.
// Its room on the stack is not to be that of every event.
#[inline(never)]
pub(super) fn stop_as_found() -> bool {
    let found = SESSION.lock_irqsave().found();
    let Some(finding) = found else { return false };
    watchdog::stop(Cause::Found(finding));
    true
}

/// The scheduler, as the session sees it.
pub(super) struct Scheduler;

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
