//! One execution at a time: its parts, what each wants to do next, and what was found.

use alloc::vec::Vec;

use kcore::event::{Actor, Event, LockId, LockStep, Op, Waiting, What};
use kcore::explore::{self, Act, DataRaces, Driver, Object, Of, Plain, Step, Transcript, Trouble, Want};
use kcore::machine::{CpuId, TaskId};
use kcore::place::Place;
use kcore::probe::Plan;
use kcore::session::{Session, Standing};
use kcore::settings::Verdict;
use kcore::wait_for::{Apart, Graph};

use super::agents::{Agents, Staff};
use super::clash::{Open, Taken};
use super::mode::Mode;
use super::names::Names;
use super::turns::{NO_PART, set_turn};
use crate::task::table;

/// More steps than any execution has that comes to an end.
const MOST_STEPS: usize = 10_000;
/// The first name of what has no address: the CPU, and wake-ups of parts.
const NAMELESS: u64 = 1 << 62;
/// The CPU that parts share, and behind it those that they have to themselves.
const CPU: u64 = NAMELESS + (1 << 41);

/// A part of an execution: a task, or the experiment's interrupt.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Its task, or the one on top of which the interrupt is.
    pub(super) task: TaskId,
    /// Who waits for the step that it wants to make.
    pub(super) actor: Actor,
    /// Where it wants to make it, what that is about, and where in memory that is.
    pub(super) at: Place,
    pub(super) of: Of,
    pub(super) address: usize,
    /// It is about to give this lock back, there: whatever comes before the step that does so finds it taken.
    pub(super) gives: Option<(LockId, Place)>,
    /// It has made a step since another could have the CPU for the last time.
    pub(super) has_moved: bool,
    /// What it does when it has the CPU no more, if it has tried that in vain.
    pub(super) otherwise: Option<Wish>,
    /// It has waited for others before it closed its first file.
    pub(super) has_met: bool,
    /// Whether the last units that it has tried to take were there.
    pub(super) has_got: bool,
    /// What may come on top of it there.
    pub(super) open: Open,
    /// It is an agent, and waits to be rung for.
    pub(super) is_idle: bool,
    /// It has come to the end of its body, or of its handler.
    pub(super) is_through: bool,
    /// Its task has come to its end in the middle of that.
    pub(super) has_died: bool,
    /// Its CPU has heard of all interrupts that were kept from it.
    pub(super) has_heard: bool,
    /// Where it has looked since it waited last: the last two places.
    pub(super) looks: [Option<(Object, u64)>; 2],
}

impl Part {
    pub(super) fn of(task: TaskId) -> Self {
        Part {
            task,
            actor: Actor::task(task),
            at: Place::caller(),
            of: Of::Cpu,
            address: 0,
            gives: None,
            has_moved: false,
            otherwise: None,
            has_met: false,
            has_got: false,
            open: Open::default(),
            is_idle: false,
            is_through: false,
            has_died: false,
            has_heard: false,
            looks: [None; 2],
        }
    }
}

/// That of a part whose task is still to come. No task has its number.
const NO_TASK: TaskId = TaskId(u32::MAX);

/// What tasks run in the race under way.
pub(super) type Body = &'static (dyn Fn(u32) + Sync);

/// What is explored.
pub(super) struct World {
    pub(super) driver: Driver,
    /// The tasks, and then the interrupt, if it comes on top of one of them.
    pub(super) parts: Vec<Part>,
    /// How many of them are tasks.
    pub(super) tasks: usize,
    /// The last of these.
    pub(super) agents: Agents,
    mode: Mode,
    pub(super) wants: Vec<Option<Want>>,
    /// The part that runs; [`None`] while who sets them up and judges them does.
    pub(super) turn: Option<u8>,
    pub(super) runner: TaskId,
    /// All tasks have come to their first steps: who goes on is decided from now on.
    pub(super) is_set_up: bool,
    pub(super) body: Option<Body>,
    pub(super) names: Names,
    /// Units of each object: how many there were before its first step in this race, and how many there are.
    units: Vec<(Object, u64, u64)>,
    pub(super) session: Session,
    /// The tasks that are to be given up.
    pub(super) stuck: Vec<TaskId>,
    /// Spinlocks of a driver that were taken, and how many steps were made.
    pub(super) taken: Vec<Taken>,
    steps: usize,
    pub(super) found: Option<Verdict>,
    pub(super) trouble: Option<Trouble>,
    /// A part has tried to take what was not there, and has gone on.
    pub(super) is_tried_in_vain: bool,
    /// What C does without a lock, if it is looked for.
    pub(super) races: Option<DataRaces>,
    /// What is written down, if people will read it.
    pub(super) transcript: Option<Transcript>,
    /// Where the step that was written down last is in memory.
    pub(super) touched: usize,
}

/// Who goes on.
#[derive(Clone, Copy)]
pub(super) struct Next {
    /// The part; [`None`] for who sets them up and judges them.
    pub(super) part: Option<u8>,
    /// Its task.
    pub(super) task: TaskId,
    /// It is the interrupt, and is to come now.
    pub(super) comes: Option<u8>,
    /// No part can go on, or all are through.
    pub(super) is_over: bool,
}

/// What a part wants to do.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) step: Step,
    /// What that is about.
    pub(super) of: Of,
    /// Where in memory that is; 0 when it is nowhere.
    pub(super) address: usize,
}

impl World {
    /// For so many `tasks`, with this `staff`, and with their interrupt if that is the `mode`.
    pub(super) fn new(runner: TaskId, tasks: usize, staff: Staff, mode: Mode, driver: Driver) -> Self {
        let parts = mode.parts(tasks + staff.len());
        let tasks = if mode == Mode::Elsewhere { parts } else { tasks };
        let agents = Agents::of(staff, tasks, matches!(driver, Driver::Follow(_)));
        let tasks = tasks + agents.staff.len();
        World {
            driver,
            parts: alloc::vec![Part::of(TaskId(0)); parts],
            tasks,
            agents,
            mode,
            wants: alloc::vec![None; parts],
            turn: None,
            runner,
            is_set_up: false,
            body: None,
            names: Names::of_tasks(tasks, runner),
            units: Vec::new(),
            session: Session::new(&Plan::Pass, tasks as u32, Some(Graph::new())),
            stuck: Vec::new(),
            taken: Vec::new(),
            steps: 0,
            found: None,
            trouble: None,
            is_tried_in_vain: false,
            races: None,
            transcript: None,
            touched: 0,
        }
    }

    /// An execution begins.
    pub(super) fn begin(&mut self) {
        if let Driver::Search(search) = &mut self.driver {
            search.begin();
        }
        self.names.forget();
        self.begin_agents();
        self.taken.clear();
        self.steps = 0;
        (self.found, self.trouble, self.is_tried_in_vain) = (None, None, false);
    }

    /// A race begins, in which each task runs `body`.
    pub(super) fn begin_race(&mut self, body: Body) {
        self.driver.barrier();
        self.session.begin_round();
        self.units.clear();
        self.wants.fill(None);
        let same = self.same();
        self.races.iter_mut().for_each(|races| races.begin(self.parts.len(), same));
        (self.body, self.is_set_up) = (Some(body), false);
        for part in &mut self.parts {
            *part = Part::of(if self.mode == Mode::Works { NO_TASK } else { part.task });
        }
        if let Some(transcript) = &mut self.transcript {
            transcript.interrupt = (self.mode.parts(0) > 0).then_some(self.parts.len() as u8 - 1);
        }
        self.all_wait();
        if let Some(interrupt) = self.interrupt() {
            self.parts[usize::from(interrupt)] = Part::of(TaskId(0));
            self.wants[usize::from(interrupt)] = Some(Want::of(self.cpu_of(interrupt, true).step));
        }
    }

    /// How many of the first steps of the execution that begins are those of the last one.
    fn same(&self) -> usize {
        match &self.driver {
            // The last of them is another one there.
            Driver::Search(search) if self.steps == 0 => search.trace().len().saturating_sub(1),
            _ => 0,
        }
    }

    /// The part that is the interrupt, if it comes.
    pub(super) fn interrupt(&self) -> Option<u8> {
        (self.parts.len() > self.tasks).then_some(self.tasks as u8)
    }

    /// The step by which part `who` has its CPU for itself, or has it no more.
    pub(super) fn cpu_of(&self, who: u8, takes: bool) -> Wish {
        let act = match takes {
            true => Act::Take { units: 1, initially: 1 },
            false => Act::Give { units: 1, most: 1 },
        };
        let own = if self.mode.is_spread() { 1 + u64::from(who) } else { 0 };
        Wish { step: Step { object: Object(CPU + own), size: 0, act }, of: Of::Cpu, address: 0 }
    }

    /// A part that has the CPU and would sleep looks first whether it has to: then it gives the CPU away.
    pub(super) fn trying(&mut self, wish: Wish) -> Wish {
        let sleeps = !matches!(wish.of, Of::Lock(lock) if lock.name.waiting == Waiting::Spins);
        let (Some(me), Act::Take { units, initially }, true) = (self.turn, wish.step.act, sleeps) else {
            return wish;
        };
        self.parts[usize::from(me)].otherwise = Some(wish);
        Wish { step: Step { act: Act::TryTake { units, initially }, ..wish.step }, ..wish }
    }

    /// To wait for the wake-up of part `who`, or to give it.
    pub(super) fn wake_up(&mut self, who: u8, act: Act) -> Wish {
        let object = Object(NAMELESS + u64::from(who));
        self.initially(object, 0);
        Wish { step: Step { object, size: 0, act }, of: Of::WakeUp(TaskId(u32::from(who) + 1)), address: 0 }
    }

    /// The units that there were of an object before its first step in this race: `now`, if this is that.
    pub(super) fn initially(&mut self, object: Object, now: u64) -> u64 {
        match self.units.iter().find(|(other, ..)| *other == object) {
            Some((_, initially, _)) => *initially,
            None => {
                self.units.push((object, now, now));
                now
            }
        }
    }

    /// How many units of an object there are now.
    pub(super) fn units_of(&self, object: Object) -> u64 {
        self.units.iter().find(|(other, ..)| *other == object).map_or(0, |(.., now)| *now)
    }

    /// The part that is `task`.
    pub(super) fn part_of(&self, task: TaskId) -> Option<u8> {
        self.parts[..self.tasks].iter().position(|part| part.task == task).map(|who| who as u8)
    }

    /// The part that runs, and who goes on: it wants to do this.
    pub(super) fn want(&mut self, actor: Actor, at: Place, wish: Wish) -> (u8, Next) {
        let me = self.turn.expect("a part has its turn while it runs");
        let part = &mut self.parts[usize::from(me)];
        (part.actor, part.at, part.of, part.address) = (actor, at, wish.of, wish.address);
        self.wants[usize::from(me)] = Some(Want::of(wish.step));
        (me, self.decide(me))
    }

    /// The part that runs has given back what it was about to give.
    pub(super) fn given(&mut self, actor: Actor) {
        let part = self.turn.map(|me| &mut self.parts[usize::from(me)]);
        if let Some((lock, at)) = part.and_then(|part| part.gives.take()) {
            self.tell(actor, What::Lock(LockStep::Release, lock), at, false);
        }
    }

    /// Part `me` has nothing to do any more.
    pub(super) fn through(&mut self, me: u8) {
        self.parts[usize::from(me)].is_through = true;
        self.wants[usize::from(me)] = None;
    }

    /// Who goes on after part `last`.
    pub(super) fn decide(&mut self, last: u8) -> Next {
        let part = if self.is_set_up { self.choose(last) } else { None };
        let is_to_come =
            |part: u8| self.interrupt() == Some(part) && self.parts[usize::from(part)].task == TaskId(0);
        let comes = part.filter(|part| is_to_come(*part));
        let is_over = part.is_none() && self.is_set_up;
        if is_over {
            self.give_up();
        }
        if comes.is_none() {
            self.pass(part);
        }
        let task = part.map_or(self.runner, |part| self.parts[usize::from(part)].task);
        Next { part, task, comes, is_over }
    }

    fn choose(&mut self, last: u8) -> Option<u8> {
        if self.driver.trace().len() >= MOST_STEPS {
            self.trouble.get_or_insert(Trouble::Cannot("an execution of more than 10,000 steps"));
        }
        if self.trouble.is_some() {
            return None;
        }
        let trouble = match self.driver.next(&self.wants, Some(last)) {
            Ok(explore::Next::Run(part)) => {
                self.go(part);
                return Some(part);
            }
            Ok(explore::Next::Over) => return None,
            Ok(explore::Next::Asleep) => Trouble::Redundant,
            Err(divergence) => Trouble::Diverged(*divergence),
        };
        self.trouble = Some(trouble);
        None
    }

    /// Part `who` makes its step.
    fn go(&mut self, who: u8) {
        let want = &mut self.wants[usize::from(who)];
        let Some(step) = want.as_ref().map(|want| want.step) else { return };
        *want = None;
        self.parts[usize::from(who)].is_idle = false;
        self.note_taken(who, step, self.steps);
        self.steps += 1;
        if let Act::TryTake { units, .. } = step.act {
            let now = self.units.iter().find(|(object, ..)| *object == step.object);
            let has_got = now.is_some_and(|(.., now)| *now >= units);
            let part = &mut self.parts[usize::from(who)];
            part.has_got = has_got;
            self.is_tried_in_vain |= !has_got && part.otherwise.is_none();
        }
        if let Some((.., now)) = self.units.iter_mut().find(|(object, ..)| *object == step.object) {
            *now = step.units_after(*now).unwrap_or(*now);
        }
        self.look_for_race(who, step);
        self.write_step_down(who, step);
    }

    /// What the kernel itself accesses orders nothing that C does, and an access through a null pointer is none.
    fn look_for_race(&mut self, who: u8, step: Step) {
        const NULL_PAGE: usize = 4096;
        let Some(races) = &mut self.races else { return };
        if races.is_known() {
            return;
        }
        let Part { of, at, address, .. } = self.parts[usize::from(who)];
        let plain = match of {
            Of::Block(..) => return,
            Of::Access(..) if address < NULL_PAGE => return,
            Of::Access(site, op) if is_plain(op) && at.of_driver().is_some() => {
                Some(Plain { at, name: site.name, stores: step.act == Act::Store })
            }
            Of::Access(_, op) if is_plain(op) => return,
            _ => None,
        };
        races.step(who, &step, plain);
    }

    /// It is the turn of part `next`, or of who sets them up.
    pub(super) fn pass(&mut self, next: Option<u8>) {
        self.turn = next;
        let task = next.map_or(self.runner, |part| self.parts[usize::from(part)].task);
        set_turn(task, next.map_or(NO_PART, u32::from));
    }

    /// No part goes on: those that are not through are stuck, and why is said.
    fn give_up(&mut self) {
        let waits = |part: &&Part| !part.is_through && !part.is_idle;
        let stuck: Vec<Part> = self.parts.iter().filter(waits).copied().collect();
        self.stuck = stuck.iter().map(|part| part.task).collect();
        // What a driver leaves for later may go on when all others are through: it is told what is wrong.
        let first = self.agents.first();
        let interrupt = self.interrupt().map(|who| &self.parts[usize::from(who)]);
        let are_stuck = self.parts[..first].iter().chain(interrupt).any(|part| waits(&part));
        if are_stuck && self.trouble.is_none() {
            self.say_what_waits(&stuck);
        }
        // If it waits for itself, nothing that comes later ends that.
        if self.are_out(are_stuck && self.found.is_none()) {
            self.trouble.get_or_insert(Trouble::Cannot(
                "what waits for something that the driver does later more often than is tried",
            ));
        }
        if are_stuck && self.trouble.is_none() {
            self.find_why();
            self.note_waiting();
        }
    }

    fn say_what_waits(&mut self, stuck: &[Part]) {
        for part in stuck {
            if let Of::Lock(lock) = part.of {
                self.tell(part.actor, What::Lock(LockStep::Wait, lock), part.at, false);
            }
        }
    }

    fn find_why(&mut self) {
        if self.found.is_none() {
            let spins =
                |want: &Option<Want>| want.is_some_and(|want| matches!(want.step.act, Act::Await { .. }));
            self.found = Some(self.session.standstill(self.wants.iter().any(spins)));
        }
    }

    /// Something happens that may be wrong.
    pub(super) fn tell(&mut self, actor: Actor, what: What, at: Place, is_atomic: bool) {
        let Some(task) = table::find(actor.task) else { return };
        let event = Event { actor, cpu: CpuId(actor.task.0), at, what };
        let preemptive = cfg!(feature = "preempt");
        let standing = Standing { who: None, held: &task.held, is_atomic, interrupts_off: false, preemptive };
        if self.session.on(&event, &standing, &Apart).stops && self.found.is_none() {
            self.found = self.session.found().map(|finding| finding.verdict());
        }
    }
}

/// Whether an access is neither marked nor atomic.
fn is_plain(op: Op) -> bool {
    matches!(op, Op::Load | Op::Store(_) | Op::Assign | Op::Read | Op::Write | Op::Clear)
}
