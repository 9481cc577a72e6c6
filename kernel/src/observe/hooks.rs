//! The hooks: where accesses to shared memory and lock events arrive.
//!
//! While an experiment's crew runs, its members are participants 0 to n. What they do goes two ways: to the probe engine,
//! which may put them to sleep (the decision is `kcore::probe`'s, the sleeping is done here), and to the log of stores
//! ([`crate::observe::stores`]). While no experiment runs, kmemleak has the stores of all tasks logged.

use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::event::{Access, Events, Kinds, LockId, LockStep, Op, Outcome, TaskStep, Ticket, What};
use kcore::machine::{Cpu, CpuId, Sched, Sleep, TaskId};
use kcore::probe::{Decision, Engine, Plan, Seat, Seats, Wake};
use kcore::report::Step;
use kcore::settings::MAX_WRITERS;

use crate::arch::cpu;
use crate::machine::{Kernel, SpinLock};
use crate::observe::{fire, seats, stores, watchdog};
use crate::param::{MAX_TASKS, STORES_TRACED};
use crate::{context, println, task, time};

bitflags::bitflags! {
    /// Who listens.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Listeners: u8 {
        /// A probe mode is active.
        const PROBE = 1;
        /// Stores are logged, with the locks they happen under.
        const TRACE = 2;
        /// The wait-for graph is kept.
        const WATCH = 4;
        /// It is kept what each task holds.
        const HELD = 8;
    }
}

impl Listeners {
    /// What they want to hear of.
    fn wanted(self) -> Kinds {
        let of = |listener, kinds| if self.contains(listener) { kinds } else { Kinds::empty() };
        of(Listeners::PROBE, Kinds::POINTS_AND_LOCKS)
            | of(
                Listeners::TRACE,
                Kinds::STORES | Kinds::RUNS | Kinds::BLOCKS | Kinds::OUTCOMES | Kinds::LOCKS,
            )
            | of(Listeners::WATCH, Kinds::LOADS | Kinds::STORES | Kinds::LOCKS | Kinds::TASKS)
            | of(Listeners::HELD, Kinds::LOCKS)
    }
}

/// Who listens: the bits of [`Listeners`].
static LISTENERS: AtomicU8 = AtomicU8::new(0);
/// What they want: the bits of [`Kinds`].
static WANTED: AtomicU16 = AtomicU16::new(0);

/// PAUSEs at each point; for `pause` and `delay`, which need no engine.
static PAUSES: AtomicU32 = AtomicU32::new(0);
/// What a PAUSE of a delay may take, on average. It takes less than one on a CPU of its own.
const PAUSE_MICROSECONDS: u64 = 10;

/// Decides who may pass, and who is a participant. Lock order: a primitive's own lock -> engine. Whom it names is woken after
/// it is given back.
static ENGINE: SpinLock<Table> = SpinLock::new(Table { engine: None, seats: Seats::new() });

struct Table {
    engine: Option<Engine>,
    /// The crew's, or those of tasks that come by themselves.
    seats: Seats,
}

impl Table {
    /// The engine, for a participant that has its seat still.
    fn engine_for(&mut self, seat: Seat) -> Option<&mut Engine> {
        self.engine.as_mut().filter(|_| self.seats.is_good(seat))
    }
}

const NOBODY: u64 = u64::MAX;
/// Which participant a task is, by the task's slot: the word of its seat. Written by the task, and when a round ends.
static PARTICIPANT: [AtomicU64; MAX_TASKS] = [const { AtomicU64::new(NOBODY) }; MAX_TASKS];
/// Which task a participant is.
static TASK: [AtomicU32; MAX_WRITERS as usize] = [const { AtomicU32::new(0) }; MAX_WRITERS as usize];
/// The task that runs the experiment.
static RUNNER: AtomicU32 = AtomicU32::new(0);
/// How many participants the round under way has; 0 between rounds.
static CREW: AtomicU32 = AtomicU32::new(0);

/// Stores are traced while no experiment runs, too.
static TRACED: AtomicBool = AtomicBool::new(false);
/// An experiment runs: the log of stores is its participants'.
static EXPERIMENT: AtomicBool = AtomicBool::new(false);

fn listeners() -> Listeners {
    Listeners::from_bits_retain(LISTENERS.load(Relaxed))
}

/// From now on those of `leave` listen who did so before, and those of `join`. One task at a time changes that.
fn listen(leave: Listeners, join: Listeners) {
    let listeners = listeners().intersection(leave).union(join);
    LISTENERS.store(listeners.bits(), Relaxed);
    WANTED.store(listeners.wanted().bits(), Relaxed);
}

/// Begins an experiment, which the caller runs, of `participants` that pass points as `plan` says. `traced`: their stores are
/// logged. `watched`: they may come to a stop. [`Errno::ENOMEM`] when there is no memory, and nothing begins.
pub fn begin(plan: &Plan, participants: u32, traced: bool, watched: bool) -> Result<(), Errno> {
    seats::withdraw();
    if watched {
        watchdog::begin()?;
    }
    task::schedule::this_task().of_run.store(true, Relaxed);
    RUNNER.store(Kernel::task().0, Relaxed);
    fire::begin(plan);
    let probe = arm(plan, participants);
    EXPERIMENT.store(true, Relaxed);
    if traced {
        stores::begin(false);
    }
    let trace = if traced { Listeners::TRACE } else { Listeners::empty() };
    let watch = if watched { Listeners::WATCH } else { Listeners::empty() };
    listen(Listeners::HELD, probe | trace | watch);
    Ok(())
}

/// Makes the engine for `plan`, if it needs one; who has to listen.
fn arm(plan: &Plan, participants: u32) -> Listeners {
    match plan {
        Plan::Pass => Listeners::empty(),
        Plan::Delay(pauses) => {
            PAUSES.store(*pauses, Relaxed);
            Listeners::PROBE
        }
        // The trial sees to the interrupt.
        Plan::Fire { .. } => Listeners::PROBE,
        Plan::Rendezvous { .. } | Plan::Script(_) => {
            let engine = Engine::new(plan.clone(), participants);
            let before = ENGINE.lock_irqsave().engine.replace(engine);
            drop(before);
            Listeners::PROBE
        }
    }
}

/// Begins an experiment without a crew: its participants come by themselves, wherever they run, and there may be
/// `participants` of them. What stores are traced stays as it is.
pub(crate) fn begin_open(plan: &Plan, participants: u32) {
    let probe = arm(plan, participants);
    CREW.store(participants, Relaxed);
    let mut table = ENGINE.lock_irqsave();
    table.seats.offer(participants);
    if let Some(engine) = &mut table.engine {
        engine.begin_round();
    }
    drop(table);
    listen(Listeners::all(), probe);
}

/// The reverse: whoever waits at a point goes on. Returns the steps of a script that could not happen.
pub(crate) fn end_open() -> Vec<Step> {
    listen(!Listeners::PROBE, Listeners::empty());
    PAUSES.store(0, Relaxed);
    let mut table = ENGINE.lock_irqsave();
    table.seats.withdraw();
    let engine = table.engine.take();
    drop(table);
    // Without the engine whoever wakes up at a point goes on. Who sits is known: it took its seat under the same lock.
    crew().for_each(task::wake);
    end_round();
    engine.map(|engine| engine.given_up()).unwrap_or_default()
}

/// How many seats are offered, and how many of them are taken.
pub(crate) fn seats() -> (u32, u32) {
    ENGINE.lock_irqsave().seats.count()
}

/// Whether it is kept from now on which spinlocks each task has, also while no experiment runs. Without it a task that dies
/// with a driver's spinlock in its hand takes the machine with it: see [`oops`](crate::oops). To be changed while no task
/// has any.
pub fn follow_locks(on: bool) {
    listen(!Listeners::HELD, if on { Listeners::HELD } else { Listeners::empty() });
}

/// Begins a round: the logs are empty, a script starts at its first step. Participant `n` will run on CPU `cpu_of(n)`.
pub fn begin_round(participants: u32, cpu_of: &dyn Fn(u32) -> u32) {
    watchdog::begin_round();
    CREW.store(participants, Relaxed);
    if listeners().contains(Listeners::TRACE) {
        stores::begin(false);
    }
    if let Some(engine) = ENGINE.lock_irqsave().engine.as_mut() {
        engine.begin_round();
        (0..participants).for_each(|who| engine.running_on(who as u8, CpuId(cpu_of(who))));
    }
}

/// Ends the experiment that the caller runs: nobody listens any more. Returns the steps of a script that
/// could not happen.
pub fn end() -> Vec<Step> {
    listen(Listeners::HELD, Listeners::empty());
    PAUSES.store(0, Relaxed);
    fire::end();
    watchdog::end();
    task::schedule::this_task().of_run.store(false, Relaxed);
    let engine = ENGINE.lock_irqsave().engine.take();
    stores::end();
    EXPERIMENT.store(false, Relaxed);
    trace(TRACED.load(Relaxed));
    engine.map(|engine| engine.given_up()).unwrap_or_default()
}

/// Switches the tracing of stores on or off that happen while no experiment runs. On a machine that has no memory for as many
/// as usual it says how many are kept.
pub fn trace(on: bool) {
    TRACED.store(on, Relaxed);
    if EXPERIMENT.load(Relaxed) {
        return;
    }
    listen(!Listeners::TRACE, Listeners::empty());
    stores::end();
    if on {
        let kept = stores::begin(true);
        if kept < STORES_TRACED {
            println!("kmemleak: the last {kept} stores of each CPU are kept, in an eighth of the heap");
        }
        listen(Listeners::all(), Listeners::TRACE);
    }
}

/// Which participant of this round `task` was.
pub fn participant_that_was(task: TaskId) -> Option<u32> {
    TASK.iter().position(|of| of.load(Relaxed) == task.0).map(|who| who as u32)
}

/// The running task is participant `who` from now on, and begins when a script lets it.
pub fn enter(who: u8) {
    let seat = ENGINE.lock_irqsave().seats.assigned(who);
    sit(seat);
    start(seat);
}

/// The running task has `seat`. Of those who come by themselves it is noted under the engine's lock under which they take it.
fn sit(seat: Seat) {
    let task = Kernel::task();
    TASK[seat.who() as usize].store(task.0, Relaxed);
    PARTICIPANT[task.0 as usize % MAX_TASKS].store(seat.word(), Relaxed);
}

/// It begins when a script lets it.
fn start(seat: Seat) {
    let who = seat.who();
    if keeps_cpu() {
        // Whoever is to come may have to come to this CPU, or want the lock: it waits at its points, and not here.
        tell_engine(seat, |engine| engine.begin_at_once(who));
    } else {
        pass(seat, false, |engine| engine.start(who));
    }
}

/// The running task is no participant any more, if it was one.
pub fn leave() {
    if let Some(seat) = participant() {
        PARTICIPANT[Kernel::task().0 as usize % MAX_TASKS].store(NOBODY, Relaxed);
        watchdog::ended();
        tell_engine(seat, |engine| engine.finished(seat.who()));
        if fire::is_armed() {
            task::schedule::set_timed(true);
        }
    }
}

/// The running task dies. Nobody waits for it at a point.
pub(crate) fn died() {
    leave();
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

/// Whether what the caller does is the doing of the run under way: the caller is one of its tasks, or a
/// handler or a softirq, on top of whatever task that is. What all others do is no business of the
/// watchdog's.
pub(crate) fn is_of_run() -> bool {
    context::in_interrupt() || task::schedule::this_task().of_run.load(Relaxed)
}

/// Whether the experiment is run by a job of a shell, and not by the program that the machine is there for.
pub(crate) fn is_job() -> bool {
    task::table::find(TaskId(RUNNER.load(Relaxed))).is_some_and(|task| task.mortal.load(Relaxed))
}

/// Whether a round is under way whose tasks may come to a stop.
pub fn is_watched() -> bool {
    listeners().contains(Listeners::WATCH) && CREW.load(Relaxed) > 0
}

/// Participant `who` will not come: its task could not be started.
pub fn leave_unstarted(who: u8) {
    let seat = ENGINE.lock_irqsave().seats.assigned(who);
    tell_engine(seat, |engine| engine.finished(who));
}

/// A task is at a point.
fn point(access: &Access) {
    let Some(seat) = participant().or_else(newcomer) else { return };
    let listeners = listeners();
    if listeners.contains(Listeners::WATCH) {
        watchdog::event();
    }
    if listeners.contains(Listeners::PROBE) {
        match PAUSES.load(Relaxed) {
            0 if fire::at(access) => {}
            0 => arrive(seat, access),
            pauses => delay(pauses),
        }
    }
}

/// Executes PAUSE this often; less often where a PAUSE takes long. Where one host thread runs all CPUs, each hands
/// the thread on, and it comes back a tenth of a second later from every CPU that has something to do.
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

/// Something happens to an observed lock.
fn lock(step: LockStep, lock: &LockId, at: &'static Location<'static>) {
    if listeners().contains(Listeners::WATCH) && is_of_run() {
        watchdog::lock(step, lock, at);
    }
    if !context::in_interrupt() {
        task::schedule::this_task().held.step(step, lock, at);
    }
    let Some(seat) = participant().or_else(newcomer) else { return };
    tell_engine(seat, |engine| engine.lock(seat.who(), step, lock));
}

/// Which participant the caller is. A handler on top of one is none.
#[inline]
fn participant() -> Option<Seat> {
    if context::in_interrupt() {
        return None;
    }
    let word = PARTICIPANT[Kernel::task().0 as usize % MAX_TASKS].load(Relaxed);
    (word != NOBODY).then(|| Seat::of_word(word))
}

/// A task that has just taken a seat.
fn newcomer() -> Option<Seat> {
    // Whoever is sent away from a point by a signal does not sit down again.
    if !seats::are_offered() || context::in_interrupt() || Kernel::interrupted(Sleep::Interruptible) {
        return None;
    }
    let mut table = ENGINE.lock_irqsave();
    let seat = table.seats.take()?;
    sit(seat);
    if let Some(engine) = &mut table.engine {
        engine.running_on(seat.who(), Kernel::cpu());
    }
    drop(table);
    start(seat);
    Some(seat)
}

/// Whether the running task must not give its CPU to another one, which might spin for what it has.
fn keeps_cpu() -> bool {
    task::schedule::this_task().held.spinlocks() > 0 || context::is_atomic()
}

/// Waits at a point for as long as the engine says.
fn arrive(seat: Seat, access: &Access) {
    let atomic = keeps_cpu();
    if atomic && ENGINE.lock_irqsave().seats.are_free() {
        // Whoever is to come may have to come to this CPU.
        return;
    }
    pass(seat, atomic, |engine| engine.arrive(seat.who(), access, atomic, Kernel::cpu()));
}

/// Tells the engine of an event that may make the caller, which has `seat`, wait; and waits.
fn pass(seat: Seat, atomic: bool, event: impl FnOnce(&mut Engine) -> (Decision, Wake)) {
    let mut decision = Decision::Go;
    tell_engine(seat, |engine| {
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
            leave();
        }
        if ENGINE.lock_irqsave().engine_for(seat).is_none_or(|engine| engine.may_go(seat.who())) {
            decision = Decision::Go;
        }
    }
}

/// Tells the engine of an event of the participant that has `seat`, and wakes whom it names. Nothing happens if the seat was
/// withdrawn meanwhile.
fn tell_engine(seat: Seat, event: impl FnOnce(&mut Engine) -> Wake) {
    // A task that is woken, or any other of this CPU, may come to its next point and halt the CPU in place: from the event until
    // all are woken the caller does not lose it, not even where the lock is given back and a tick has been waiting for that.
    Kernel::preempt_disable();
    let mut wake = ENGINE.lock_irqsave().engine_for(seat).map_or(0, event);
    while wake != 0 {
        let who = wake.trailing_zeros() as usize;
        wake &= wake - 1;
        task::wake(TaskId(TASK[who].load(Relaxed)));
    }
    Kernel::preempt_enable();
}

impl Events for Kernel {
    #[inline]
    fn wanted() -> Kinds {
        Kinds::from_bits_retain(WANTED.load(Relaxed))
    }

    /// A participant may wait here until the plan lets it go on.
    #[cold]
    fn tell(what: What, at: &'static Location<'static>) -> Ticket {
        match &what {
            What::Access(Access { op: Op::Clear, .. }) | What::Block(_) => {}
            What::Access(access) => point(access),
            What::Lock(step, id) => lock(*step, id, at),
            What::Task(TaskStep::MaySleep) => watchdog::may_sleep(at),
        }
        let is_traced = listeners().contains(Listeners::TRACE) && (!EXPERIMENT.load(Relaxed) || is_of_run());
        if is_traced { stores::note(&what, at) } else { Ticket::default() }
    }

    fn told(ticket: Ticket, outcome: Outcome) {
        stores::finish(ticket, outcome);
    }

    #[inline]
    fn spinning() {
        task::doom::check();
    }
}
