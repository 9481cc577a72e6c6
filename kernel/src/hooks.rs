//! The hooks: where accesses to shared memory and lock events arrive.
//!
//! While an experiment's crew runs, its members are participants 0 to n. What they do goes two ways: to the probe engine,
//! which may put them to sleep (the decision is `kcore::probe`'s, the sleeping is done here), and to the log of stores,
//! from which the report learns which store overwrote the last reference to a block.

use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use kcore::machine::{Access, Cpu, CpuId, Listeners, LockEvent, LockName, Op, Sched, Sleep, TaskId, Waiting};
use kcore::probe::{Decision, Engine, Plan, Wake};
use kcore::report::Step;
use kcore::settings::MAX_WRITERS;

use crate::arch::cpu;
use crate::machine::{Kernel, SpinLock};
use crate::param::MAX_TASKS;
use crate::{context, fire, seats, task, watchdog};

/// Who is listening: the bits of [`Listeners`].
static LISTENERS: AtomicU8 = AtomicU8::new(0);

/// PAUSEs at each point; for `pause` and `delay`, which need no engine.
static PAUSES: AtomicU32 = AtomicU32::new(0);

/// Decides who may pass. Lock order: a primitive's own lock -> engine. Whom it names is woken after it is given back.
static ENGINE: SpinLock<Option<Engine>> = SpinLock::new(None);

const NOBODY: u8 = u8::MAX;
/// Which participant a task is, by the task's slot.
static PARTICIPANT: [AtomicU8; MAX_TASKS] = [const { AtomicU8::new(NOBODY) }; MAX_TASKS];
/// Which task a participant is.
static TASK: [AtomicU32; MAX_WRITERS as usize] = [const { AtomicU32::new(0) }; MAX_WRITERS as usize];
/// How many participants the round under way has; 0 between rounds.
static CREW: AtomicU32 = AtomicU32::new(0);

/// A store to shared memory.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Where it was stored.
    pub address: usize,
    /// What was stored.
    pub value: usize,
    /// The location's name.
    pub site: &'static str,
    /// The source line.
    pub at: &'static Location<'static>,
    /// The task.
    pub task: TaskId,
    /// The CPU.
    pub cpu: u32,
    /// When, on the time-stamp counter.
    pub cycles: u64,
}

/// What each participant stored. Each list is touched by its participant alone while the crew runs.
static LOG: [SpinLock<Vec<Stored>>; MAX_WRITERS as usize] =
    [const { SpinLock::new(Vec::new()) }; MAX_WRITERS as usize];

/// Who is listening now.
#[inline]
pub fn listeners() -> Listeners {
    Listeners::from_bits_retain(LISTENERS.load(Relaxed))
}

/// Begins an experiment of `participants` that pass points as `plan` says. `stores` is how many stores of each are
/// logged in a round; 0 for none. `watched`: its tasks may come to a stop.
pub fn begin(plan: &Plan, participants: u32, stores: usize, watched: bool) {
    fire::begin(plan);
    if watched {
        watchdog::begin();
    }
    let probe = match plan {
        Plan::Pass => Listeners::empty(),
        Plan::Delay(pauses) => {
            PAUSES.store(*pauses, Relaxed);
            Listeners::PROBE
        }
        // The trial sees to the interrupt.
        Plan::Fire { .. } => Listeners::PROBE,
        Plan::Rendezvous { .. } | Plan::Script(_) => {
            let engine = Engine::new(plan.clone(), participants);
            let before = ENGINE.lock_irqsave().replace(engine);
            drop(before);
            Listeners::PROBE
        }
    };
    for log in &LOG[..participants as usize] {
        let mut room = Vec::new();
        // On a machine with little memory stores go unlogged; the experiment itself comes first.
        let _ = room.try_reserve_exact(stores);
        // What was there is freed after the lock is given back: nothing is freed or allocated under it.
        let before = core::mem::replace(&mut *log.lock_irqsave(), room);
        drop(before);
    }
    let trace = if stores > 0 { Listeners::TRACE } else { Listeners::empty() };
    let watch = if watched { Listeners::WATCH } else { Listeners::empty() };
    LISTENERS.store(
        listeners().intersection(Listeners::HELD).union(probe).union(trace).union(watch).bits(),
        Relaxed,
    );
}

/// Whether it is kept from now on which spinlocks each task has, also while no experiment runs. Without it a task that dies
/// with a driver's spinlock in its hand takes the machine with it: see [`oops`](crate::oops). To be changed while no task
/// has any.
pub fn follow_locks(on: bool) {
    match on {
        true => LISTENERS.fetch_or(Listeners::HELD.bits(), Relaxed),
        false => LISTENERS.fetch_and(!Listeners::HELD.bits(), Relaxed),
    };
}

/// Begins a round: the logs are empty, a script starts at its first step. Participant `n` will run on CPU `cpu_of(n)`, if
/// that is known.
pub fn begin_round(participants: u32, cpu_of: Option<&dyn Fn(u32) -> u32>) {
    watchdog::begin_round();
    CREW.store(participants, Relaxed);
    LOG[..participants as usize].iter().for_each(|log| log.lock_irqsave().clear());
    if let Some(engine) = ENGINE.lock_irqsave().as_mut() {
        engine.begin_round();
        if let Some(cpu_of) = cpu_of {
            (0..participants).for_each(|who| engine.running_on(who as u8, CpuId(cpu_of(who))));
        }
    }
}

/// Ends the experiment: nobody listens any more. Returns the steps of a script that could not happen.
pub fn end() -> Vec<Step> {
    LISTENERS.fetch_and(Listeners::HELD.bits(), Relaxed);
    PAUSES.store(0, Relaxed);
    fire::end();
    watchdog::end();
    let engine = ENGINE.lock_irqsave().take();
    for log in &LOG {
        let done = core::mem::take(&mut *log.lock_irqsave());
        drop(done);
    }
    engine.map(|engine| engine.given_up()).unwrap_or_default()
}

/// The earliest logged store of this round that `wanted` says yes to.
pub fn first_store(wanted: impl Fn(&Stored) -> bool) -> Option<Stored> {
    let first =
        |log: &SpinLock<Vec<Stored>>| log.lock_irqsave().iter().find(|&stored| wanted(stored)).copied();
    LOG.iter().filter_map(first).min_by_key(|stored| stored.cycles)
}

/// Which participant of this round `task` was.
pub fn participant_that_was(task: TaskId) -> Option<u32> {
    TASK.iter().position(|of| of.load(Relaxed) == task.0).map(|who| who as u32)
}

/// The running task is participant `who` from now on, and begins when a script lets it.
pub fn enter(who: u8) {
    let task = Kernel::task();
    TASK[who as usize].store(task.0, Relaxed);
    PARTICIPANT[task.0 as usize % MAX_TASKS].store(who, Relaxed);
    pass(who, context::is_atomic(), |engine| engine.start(who));
}

/// The running task ends. If it has a seat, nobody waits for it any more.
pub(crate) fn depart() {
    if seats::are_offered()
        && let Some(who) = participant()
    {
        leave(who);
    }
}

/// The running task is no participant any more.
pub fn leave(who: u8) {
    PARTICIPANT[Kernel::task().0 as usize % MAX_TASKS].store(NOBODY, Relaxed);
    watchdog::ended();
    tell(|engine| engine.finished(who));
}

/// The running task dies. Nobody waits for it at a point.
pub(crate) fn died() {
    if let Some(who) = participant() {
        leave(who);
    }
}

/// Participant `who` will be `task`, which has not begun yet.
pub fn enlist(who: u8, task: TaskId) {
    TASK[who as usize].store(task.0, Relaxed);
}

/// The tasks of the round have ended, some of them without [leaving](leave).
pub fn end_round() {
    for who in 0..CREW.swap(0, Relaxed) as usize {
        PARTICIPANT[TASK[who].load(Relaxed) as usize % MAX_TASKS].store(NOBODY, Relaxed);
    }
}

/// The tasks of the round under way.
pub fn crew() -> impl Iterator<Item = TaskId> {
    (0..CREW.load(Relaxed) as usize).map(|who| TaskId(TASK[who].load(Relaxed))).filter(|task| task.0 != 0)
}

/// Whether a round is under way whose tasks may come to a stop.
pub fn is_watched() -> bool {
    listeners().contains(Listeners::WATCH) && CREW.load(Relaxed) > 0
}

/// Participant `who` will not come: its task could not be started.
pub fn leave_unstarted(who: u8) {
    tell(|engine| engine.finished(who));
}

/// A task is about to access shared memory.
#[cold]
pub fn access(access: &Access) {
    let Some(who) = participant().or_else(newcomer) else { return };
    let listeners = listeners();
    if listeners.contains(Listeners::WATCH) {
        watchdog::event();
    }
    if listeners.contains(Listeners::PROBE) {
        match PAUSES.load(Relaxed) {
            0 if fire::at(access) => {}
            0 => arrive(who, access),
            pauses => (0..pauses).for_each(|_| cpu::pause()),
        }
    }
    if let Op::Store(value) = access.op
        && listeners.contains(Listeners::TRACE)
    {
        log(who, access, value);
    }
}

/// Something happens to an observed lock.
#[cold]
pub fn lock(event: LockEvent, lock: &LockName, address: usize, at: &'static Location<'static>) {
    if listeners().contains(Listeners::WATCH) {
        watchdog::lock(event, lock, address, at);
    }
    if lock.waiting == Waiting::Spins && !context::in_interrupt() {
        count(event);
    }
    let Some(who) = participant().or_else(newcomer) else { return };
    match event {
        LockEvent::Wait => tell(|engine| engine.lock_wait(who, lock, address)),
        LockEvent::Acquired => tell(|engine| engine.lock_acquired(who, address)),
        LockEvent::Release => tell(|engine| engine.lock_release(who, address)),
        LockEvent::GaveUp => tell(|engine| engine.lock_gave_up(who)),
    }
}

/// Counts the spinlocks of the running task.
fn count(event: LockEvent) {
    let held = &task::schedule::this_task().spinlocks;
    match event {
        LockEvent::Acquired => held.store(held.load(Relaxed) + 1, Relaxed),
        LockEvent::Release => held.store(held.load(Relaxed).saturating_sub(1), Relaxed),
        LockEvent::Wait | LockEvent::GaveUp => {}
    }
}

/// Which participant the caller is. A handler on top of one is none.
#[inline]
fn participant() -> Option<u8> {
    if context::in_interrupt() {
        return None;
    }
    let who = PARTICIPANT[Kernel::task().0 as usize % MAX_TASKS].load(Relaxed);
    (who != NOBODY).then_some(who)
}

/// A task that has just taken a seat.
fn newcomer() -> Option<u8> {
    if !seats::are_offered() || context::in_interrupt() {
        return None;
    }
    let who = seats::take()?;
    tell(|engine| {
        engine.running_on(who, Kernel::cpu());
        0
    });
    enter(who);
    Some(who)
}

fn log(who: u8, access: &Access, value: usize) {
    let stored = Stored {
        address: access.address,
        value,
        site: access.site.name,
        at: access.location,
        task: Kernel::task(),
        cpu: Kernel::cpu().0,
        cycles: Kernel::cycles(),
    };
    let mut log = LOG[who as usize].lock_irqsave();
    // Beyond the room that was made, stores go unlogged: allocating here would disturb what is observed.
    if log.len() < log.capacity() {
        log.push(stored);
    }
}

/// Waits at a point for as long as the engine says.
fn arrive(who: u8, access: &Access) {
    let atomic = task::schedule::this_task().spinlocks.load(Relaxed) > 0 || context::is_atomic();
    if atomic && seats::are_free() {
        // Whoever is to come may have to come to this CPU.
        return;
    }
    pass(who, atomic, |engine| engine.arrive(who, access, atomic, Kernel::cpu()));
}

/// Tells the engine of an event that may make `who`, the caller, wait; and waits.
fn pass(who: u8, atomic: bool, event: impl FnOnce(&mut Engine) -> (Decision, Wake)) {
    let mut decision = Decision::Go;
    tell(|engine| {
        let (decided, wake) = event(engine);
        decision = decided;
        wake
    });
    while decision == Decision::Wait {
        // A task that holds a spinlock must not give its CPU to another one, which might spin on that lock for ever.
        if atomic {
            task::halt_in_place()
        } else {
            task::block()
        }
        if seats::are_offered() && Kernel::interrupted(Sleep::Interruptible) {
            leave(who);
        }
        if ENGINE.lock_irqsave().as_ref().is_none_or(|engine| engine.may_go(who)) {
            decision = Decision::Go;
        }
    }
}

/// Tells the engine of an event and wakes whom it names.
fn tell(event: impl FnOnce(&mut Engine) -> Wake) {
    let mut wake = match ENGINE.lock_irqsave().as_mut() {
        Some(engine) => event(engine),
        None => return,
    };
    while wake != 0 {
        let who = wake.trailing_zeros() as usize;
        wake &= wake - 1;
        task::wake(TaskId(TASK[who].load(Relaxed)));
    }
}
