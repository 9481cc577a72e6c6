//! Whose turn it is: tasks that hand it on, and interrupts on top of them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::Actor;
use kcore::explore::{DataRace, DataRaces, Driver, Schedule, Search, Trouble, Want};
use kcore::machine::TaskId;
use kcore::place::Place;
use kcore::settings::Verdict;

use super::agents::Staff;
use super::ear;
use super::mode::Mode;
use super::world::{Body, Next, Part, Wish, World};
use crate::arch::{cpu, percpu};
use crate::context;
use crate::irq::under_way;
use crate::machine::SpinLock;
use crate::observe::events::{hear, hear_no_more};
use crate::observe::participant::{INTERRUPT, actor};
use crate::param::MAX_CPUS;
use crate::task::{self, JoinHandle, SpawnError, doom, listener, schedule, table};

/// What each CPU explores; where an execution is made by several, the first.
static WORLDS: [SpinLock<Option<Box<World>>>; MAX_CPUS] =
    [const { SpinLock::new(class!("explorer", "Decides with interrupts off; allocates under it."), None) };
        MAX_CPUS];
/// This CPU is in the explorer itself: what it tells meanwhile is no step of any part.
static INSIDE: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// In each of these: the task that runs for the part whose turn it is; 0 when no execution is made.
static TURNS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
/// That part.
static PARTS: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(NO_PART) }; MAX_CPUS];
/// Something is explored.
static IS_OPEN: AtomicBool = AtomicBool::new(false);
/// Executions that have begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);
/// After so many the CPU forgets which pages it knows. QEMU fits the size of its TLB to its use at such moments
/// only (`tlb_mmu_resize_locked`): without, it keeps that of the boot, and looks up the same pages again and again.
const FITTING: u64 = 32;
/// While parts are set up, and when they are through.
pub(super) const NO_PART: u32 = u32::MAX;

/// What is said of a task that dies is of no use: it is one of many.
static IS_HUSHED: AtomicBool = AtomicBool::new(false);

/// The tasks that make executions, one after the other. Used by the task alone that has [begun](explore)
/// this.
static MEMBERS: [SpinLock<Vec<Option<JoinHandle>>>; MAX_CPUS] =
    [const { SpinLock::new(class!("explorer's tasks"), Vec::new()) }; MAX_CPUS];

/// Which of the worlds is the caller's.
fn here() -> usize {
    if Mode::now().is_for_each_cpu() { percpu::this_cpu() as usize } else { 0 }
}

/// The task that runs in it.
pub(super) fn turn() -> &'static AtomicU32 {
    &TURNS[here()]
}

/// The part that it runs for.
pub(super) fn part() -> &'static AtomicU32 {
    &PARTS[here()]
}

/// It is the turn of `part`, for which `task` runs.
pub(super) fn set_turn(task: TaskId, part: u32) {
    let here = here();
    TURNS[here].store(task.0, Relaxed);
    // Pairs with the loads of those that wait for their turn on another CPU.
    PARTS[here].store(part, Release);
}

fn members() -> &'static SpinLock<Vec<Option<JoinHandle>>> {
    &MEMBERS[here()]
}

/// Asks the caller's world.
pub(super) fn with<R>(ask: impl FnOnce(&mut World) -> R) -> R {
    let mut world = WORLDS[here()].lock_irqsave();
    inside(|| ask(world.as_mut().expect("what is told while nothing is explored is not heard")))
}

/// Does what is no step of any part, and takes no other task's turn.
fn inside<R>(work: impl FnOnce() -> R) -> R {
    let this = &INSIDE[percpu::this_cpu() as usize];
    this.store(true, Relaxed);
    let result = work();
    this.store(false, Relaxed);
    result
}

/// Does something of the kernel's own for the part that runs: nothing in it is a step.
pub fn unheard<R>(work: impl FnOnce() -> R) -> R {
    inside(work)
}

/// Whether the calling CPU does such.
pub(super) fn is_inside() -> bool {
    INSIDE[percpu::this_cpu() as usize].load(Relaxed)
}

/// Whether executions are made.
pub fn is_open() -> bool {
    IS_OPEN.load(Relaxed)
}

/// Whether the running task is a part, and has its turn.
pub fn is_part() -> bool {
    is_open() && turn().load(Relaxed) == task::current().0 && part().load(Relaxed) != NO_PART
}

/// The part that the running task is, if it has its turn.
pub fn running() -> Option<u8> {
    is_part().then(|| part().load(Relaxed) as u8)
}

/// Whether in the last execution a part has tried in vain to take what another had.
pub fn was_tried_in_vain() -> bool {
    is_open() && with(|world| world.is_tried_in_vain)
}

/// Whether what is explored by the calling CPU is set up or judged: what is accessed is no step of a part.
pub fn is_between() -> bool {
    is_open() && part().load(Relaxed) == NO_PART
}

/// Nothing is to be said of a task that dies, or it is again.
pub fn hush(on: bool) {
    IS_HUSHED.store(on, Relaxed);
}

/// Whether that is so.
pub(crate) fn is_hushed() -> bool {
    IS_HUSHED.load(Relaxed)
}

/// Whether each CPU makes executions of its own, or could.
pub fn is_on_each_cpu() -> bool {
    is_open() && Mode::now().is_for_each_cpu()
}

/// Executions are made from now on, in this mode, by tasks that [explore].
pub fn open(mode: Mode) {
    mode.set();
    IS_OPEN.store(true, Relaxed);
    listener::ENDS.set(ended);
    hear(ear::wanted(), ear::hear);
}

/// None are made any more.
pub fn close() {
    hear_no_more();
    listener::ENDS.clear();
    IS_OPEN.store(false, Relaxed);
}

/// The calling task, which is alone in that on its CPU, makes executions in `work`, of so many tasks, as
/// `driver` says. They have its own CPU, or each one of the first.
pub fn explore<R>(tasks: usize, driver: Driver, work: impl FnOnce() -> R) -> R {
    explore_with(tasks, Staff::none(), driver, work)
}

/// [`explore`] with this `staff` besides, whose `work` the body is given the numbers behind those of tasks.
pub fn explore_with<R>(tasks: usize, staff: Staff, driver: Driver, work: impl FnOnce() -> R) -> R {
    set_up(tasks, staff, driver);
    // What time does is no step.
    schedule::set_timed(false);
    let result = work();
    schedule::set_timed(true);
    for member in core::mem::take(&mut *members().lock_irqsave()).into_iter().flatten() {
        member.stop();
    }
    let world = WORLDS[here()].lock_irqsave().take();
    drop(world);
    result
}

/// What is moved here has no room in the frame of the task that makes the executions.
#[inline(never)]
fn set_up(tasks: usize, staff: Staff, driver: Driver) {
    let world = Box::new(World::new(task::current(), tasks, staff, Mode::now(), driver));
    *members().lock_irqsave() = (0..world.tasks).map(|_| None).collect();
    *WORLDS[here()].lock_irqsave() = Some(world);
}

/// An execution begins: all tasks of it are there, but for those that [take part](take_part) by themselves.
pub fn begin() -> Result<(), SpawnError> {
    let count = with(|world| world.tasks);
    for who in (0..count).filter(|_| Mode::now() != Mode::Works) {
        if members().lock_irqsave()[who].is_some() {
            continue;
        }
        let name = task::Name::try_from("explored").unwrap_or_default();
        let cpu = if Mode::now().is_spread() { who as u32 } else { percpu::this_cpu() };
        let member = task::spawn_mortal(&name, cpu, move || member(who as u8))?;
        enter(who, member.id());
        members().lock_irqsave()[who] = Some(member);
    }
    with(|world| {
        world.begin();
        world.pass(None);
    });
    if BEGUN.fetch_add(1, Relaxed) % FITTING == FITTING - 1 {
        cpu::forget_pages();
    }
    Ok(())
}

/// `task` is part `who` from now on.
fn enter(who: usize, task: TaskId) {
    let top = table::find(task).map_or(0, table::Task::stack_top);
    with(|world| {
        world.parts[who] = Part::of(task);
        world.names.stacks[who] = top;
    });
}

/// The execution is over. `judge` is told of it, if nothing is wrong with it.
///
/// # Errors
/// Something is.
pub fn end(judge: impl FnOnce(&Driver) -> Result<(), Trouble>) -> Result<(), Trouble> {
    turn().store(0, Relaxed);
    with(|world| world.trouble.take().map_or_else(|| judge(&world.driver), Err))
}

/// Asks the search, with what each part wanted to do when the execution was over.
///
/// # Panics
/// When none decides.
pub fn search<R>(ask: impl FnOnce(&mut Search, &[Option<Want>]) -> R) -> R {
    with(|world| match &mut world.driver {
        Driver::Search(search) => ask(search, &world.wants),
        Driver::Bounded(_) | Driver::Follow(_) => unreachable!("no search was begun"),
    })
}

/// Data races of drivers in C are looked for in the executions that are made from now on.
pub fn look_for_races() {
    with(|world| world.races = Some(DataRaces::default()));
}

/// The data races that were found since this was asked last.
pub fn races() -> Vec<DataRace> {
    with(|world| world.races.as_mut().map_or_else(Vec::new, DataRaces::take))
}

/// Which part has died in the last race, and where it was.
pub fn died() -> Option<(u8, Place)> {
    with(|world| {
        let who = world.parts.iter().position(|part| part.has_died)?;
        Some((who as u8, world.parts[who].at))
    })
}

/// The running task is about to die at this line.
pub fn dies_at(at: Place) {
    if is_part() {
        with(|world| {
            let me = usize::from(world.turn.unwrap_or_default());
            world.parts[me].at = at;
        });
    }
}

/// Which turns the last execution was made of.
pub fn made() -> Schedule {
    with(|world| {
        let trace = world.driver.trace();
        world.renumbered(trace, &Schedule::of(trace.moves().map(|made| made.task)))
    })
}

/// The same, of a `schedule` of it in which agents have the numbers that they have in the search.
pub fn renumbered(schedule: &Schedule) -> Schedule {
    with(|world| world.renumbered(world.driver.trace(), schedule))
}

/// Why the execution under way says nothing, if that is known.
pub fn trouble() -> Option<Trouble> {
    with(|world| world.trouble.clone())
}

/// Runs `body(who)` in each task, a step of one of them at a time, until all are through or none can go on.
///
/// # Errors
/// Something is wrong; or the execution says nothing.
pub fn race(body: &(dyn Fn(u32) + Sync)) -> Result<(), Option<Verdict>> {
    race_of(body, &|who| {
        task::wake_untold(with(|world| world.parts[who as usize].task));
    })
}

/// [`race`] in tasks that [take part](take_part) when `start(who)` was called for each.
///
/// # Errors
/// As for that.
pub fn race_of(body: &(dyn Fn(u32) + Sync), start: &dyn Fn(u32)) -> Result<(), Option<Verdict>> {
    // SAFETY: it is used by the tasks of parts until they are through, or given up, and before that this does
    // not return.
    let body = unsafe { core::mem::transmute::<&(dyn Fn(u32) + Sync), Body>(body) };
    let count = with(|world| {
        world.begin_race(body);
        world.agents.first() as u8
    });
    for who in 0..count {
        with(|world| {
            // The last one that comes to its first step decides which is made.
            world.is_set_up = who + 1 == count;
            world.pass(Some(who));
        });
        start(who.into());
        while part().load(Acquire) != NO_PART {
            task::block_untold();
        }
    }
    if Mode::now() == Mode::Elsewhere {
        // Else it would hear of what is left over in the next execution.
        let is_deaf = |part: &Part| part.is_through && !part.has_died && !part.has_heard;
        while with(|world| is_deaf(&world.parts[world.tasks - 1])) {
            task::block_untold();
        }
    }
    let stuck: Vec<usize> = with(|world| {
        let is_gone = |part: &Part| part.has_died || !part.is_through && !part.is_idle;
        let left = world.parts.iter().take(world.tasks).enumerate().filter(|(_, part)| is_gone(part));
        left.map(|(who, _)| who).collect()
    });
    for who in stuck {
        let member = members().lock_irqsave()[who].take();
        member.map(JoinHandle::join);
    }
    with(|world| match (&world.trouble, world.found) {
        (Some(_), _) => Err(None),
        (None, Some(found)) => Err(Some(found)),
        (None, None) => Ok(()),
    })
}

/// The running task is part `who`, which has its turn, until that is through.
pub fn take_part(who: u32) {
    enter(who as usize, task::current());
    let body = with(|world| {
        world.pass(Some(who as u8));
        world.body
    });
    play(who as u8, Mode::now(), body.expect("a race has a body"));
}

/// A task that makes execution after execution, as part `who`.
fn member(who: u8) {
    loop {
        while part().load(Acquire) != u32::from(who) {
            if task::should_stop() {
                return;
            }
            task::block_untold();
        }
        let (body, last) = with(|world| (world.body, world.tasks as u8 - 1));
        match Mode::now() {
            Mode::Elsewhere if who == last => interrupt(who),
            mode => play(who, mode, body.expect("a race has a body")),
        }
    }
}

/// The running task is part `who` until that has done its `body`.
fn play(who: u8, mode: Mode, body: Body) {
    let has_cpu = |has: bool| {
        if !mode.is_apart() {
            arrive(actor(), Place::caller(), |world| world.cpu_of(who, has));
        }
    };
    has_cpu(true);
    body(who.into());
    if mode.is_spread() {
        rest_of_interrupts();
    }
    has_cpu(false);
    match with(|world| world.agents.is_one(who)) {
        true => rest(who),
        false => leave(who),
    }
}

/// Agent `who` has done what it was rung for.
fn rest(who: u8) {
    let next = with(|world| {
        world.waits(who);
        world.decide(who)
    });
    proceed(None, next);
}

/// The running task is part `who`, which is the interrupt of this CPU: it comes once. Before and after that
/// the CPU hears of none, whatever is on its way to it.
fn interrupt(who: u8) {
    cpu::irq_save();
    arrive(actor(), Place::caller(), |world| world.cpu_of(who, true));
    INTERRUPT.call();
    cpu::irq_on();
    rest_of_interrupts();
    cpu::irq_save();
    leave(who);
    while part().load(Acquire) != NO_PART {
        cpu::pause();
    }
    cpu::irq_on();
    let runner = with(|world| {
        world.parts[usize::from(who)].has_heard = true;
        world.runner
    });
    task::wake_untold(runner);
}

/// Waits until all that has interrupted this CPU, or is about to, is done.
fn rest_of_interrupts() {
    while !under_way::is_at_rest(percpu::this_cpu()) {
        doom::check();
        cpu::pause();
    }
}

/// Part `who` is through.
fn leave(who: u8) {
    let next = with(|world| {
        world.through(who);
        world.decide(who)
    });
    proceed(None, next);
}

/// The running task comes to its end. A part that does so in its body has died of it.
fn ended() {
    let task = task::current();
    if turn().load(Relaxed) == task.0 && part().load(Relaxed) != NO_PART {
        let who = with(|world| {
            world.found.get_or_insert(Verdict::Oops);
            let who = world.part_of(task);
            who.into_iter().for_each(|who| world.parts[usize::from(who)].has_died = true);
            who
        });
        who.into_iter().for_each(leave);
    }
}

/// The part that runs wants to make a step: returns when it is its turn.
pub(super) fn arrive(actor: Actor, at: Place, wish: impl FnOnce(&mut World) -> Wish) {
    let (me, next) = with(|world| {
        let wish = wish(world);
        world.want(actor, at, wish)
    });
    proceed(Some(me), next);
}

/// It was decided who goes on. Part `me`, if it is not through, does so when it is its turn.
fn proceed(me: Option<u8>, mut next: Next) {
    while let Some(interrupt) = next.comes {
        next = come(interrupt, me);
    }
    if next.is_over {
        return over(me);
    }
    if me.is_some() && next.part == me {
        return;
    }
    task::wake_untold(next.task);
    if let Some(me) = me {
        await_turn(me);
    }
}

/// Part `me` waits for its turn. A handler, or a task that keeps others from its CPU, does not give the CPU
/// away for that, if the others have CPUs of their own.
fn await_turn(me: u8) {
    while part().load(Acquire) != u32::from(me) {
        match Mode::now().is_spread() && context::is_atomic() {
            true => {
                doom::check();
                cpu::pause();
            }
            false => task::block_untold(),
        }
    }
}

/// No part goes on. What they have done so far is given up, if they are not through.
fn over(me: Option<u8>) {
    let (runner, stuck) = with(|world| (world.runner, core::mem::take(&mut world.stuck)));
    stuck.into_iter().filter(|task| *task != task::current()).for_each(doom::doom);
    task::wake_untold(runner);
    if me.is_some() {
        doom::abandon(Errno::EDEADLK.code());
    }
}

/// The interrupt, part `part`, comes on top of the running task. Who goes on when all that it does is done.
fn come(part: u8, me: Option<u8>) -> Next {
    let task = task::current();
    with(|world| {
        world.parts[usize::from(part)].task = task;
        world.pass(Some(part));
    });
    INTERRUPT.call();
    arrive(actor(), Place::caller(), |world| world.cpu_of(part, false));
    with(|world| {
        world.through(part);
        world.decide(me.unwrap_or(part))
    })
}
