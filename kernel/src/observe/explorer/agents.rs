//! Parts that are no tasks of the reader's: what a driver leaves for later. Each waits until it is rung for,
//! does what there is to do, and waits again.
//!
//! An agent is known by the address of what it does, and has a number among the parts. In a search that
//! number is the same in all executions; else it is the order in which agents were first rung for, so that a
//! schedule says by itself which is which.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::event::{Change, LockId, LockStep, What};
use kcore::explore::{Act, Object, Of, Schedule, Step, Trace, Trouble};
use kcore::machine::TaskId;
use kcore::place::Place;

use super::ear::make;
use super::mode::Mode;
use super::turns::{is_part, running, with};
use super::world::{Wish, World};
use crate::context;
use crate::observe::participant::actor;
use crate::time::NEVER;

/// The first name of what agents are rung by.
const BELLS: u64 = (1 << 62) + (1 << 42);
/// The first name of the gates.
const GATES: u64 = (1 << 62) + (1 << 43);

/// Of the agents of a search: what they do, and how often each does so at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff {
    /// What each is known by, in the order of their numbers.
    keys: Vec<Object>,
    /// How often each begins in one execution, and how often a task of it lets time pass.
    most: u32,
}

/// How often at first.
const FIRST: u32 = 2;
/// How often at last.
const LAST: u32 = 64;
/// More than there are letters for.
const MOST: usize = 12;

impl Staff {
    /// None yet.
    pub fn none() -> Self {
        Staff { keys: Vec::new(), most: FIRST }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Those of an execution.
pub(super) struct Agents {
    pub(super) staff: Staff,
    /// The part that is the first of them.
    first: usize,
    /// They are numbered as they come.
    are_new: bool,
    /// Those that were rung for in this execution, if so.
    came: Vec<Object>,
    /// How often each part still begins, or lets time pass.
    left: Vec<u32>,
    /// One that lets time pass has done so too often.
    is_short: bool,
    /// What is not through waits for one that was to do something once more.
    is_out: bool,
    /// One was to do so in some execution.
    were_bounded: bool,
    /// What should have been one of them, and is none.
    pub(super) wanted: Option<Object>,
}

impl Agents {
    pub(super) fn of(staff: Staff, tasks: usize, are_new: bool) -> Self {
        let parts = tasks + staff.len();
        Agents {
            first: tasks,
            are_new,
            came: Vec::new(),
            left: alloc::vec![0; parts],
            is_short: false,
            is_out: false,
            were_bounded: false,
            wanted: None,
            staff,
        }
    }

    fn forget(&mut self) {
        self.came.clear();
        (self.is_short, self.is_out, self.wanted) = (false, false, None);
    }

    /// The part that is known by `key`.
    fn find(&mut self, key: Object) -> Option<u8> {
        let known = if self.are_new { &mut self.came } else { &mut self.staff.keys };
        let index = known.iter().position(|known| *known == key);
        let index = index.or_else(|| {
            let has_room = self.are_new && known.len() < self.left.len() - self.first;
            has_room.then(|| known.push(key))?;
            Some(known.len() - 1)
        });
        index.map(|index| (self.first + index) as u8)
    }

    pub(super) fn is_one(&self, who: u8) -> bool {
        (self.first..self.left.len()).contains(&usize::from(who))
    }

    /// The parts that are tasks of the reader's.
    pub(super) fn first(&self) -> usize {
        self.first
    }
}

impl World {
    /// An execution begins.
    pub(super) fn begin_agents(&mut self) {
        self.agents.forget();
        let most = self.agents.staff.most;
        self.agents.left.fill(most);
    }

    /// All agents wait to be rung for.
    pub(super) fn all_wait(&mut self) {
        for who in self.agents.first()..self.tasks {
            self.waits(who as u8);
        }
    }

    /// Agent `who` waits to be rung for, if it is to begin once more.
    pub(super) fn waits(&mut self, who: u8) {
        let wish = self.bell(who, Act::Take { units: 1, initially: 0 });
        let at = Place::caller();
        let left = &mut self.agents.left[usize::from(who)];
        let part = &mut self.parts[usize::from(who)];
        (part.of, part.at, part.address) = (wish.of, at, 0);
        if *left == 0 {
            part.is_through = true;
            self.wants[usize::from(who)] = None;
        } else {
            *left -= 1;
            part.is_idle = true;
            self.wants[usize::from(who)] = Some(kcore::explore::Want::of(wish.step));
        }
    }

    /// No part goes on, and some of the reader's `are_stuck`: whether that is since agents begin only so often.
    pub(super) fn are_out(&mut self, are_stuck: bool) -> bool {
        let parts = self.agents.first()..self.tasks;
        let is_rung = |who: usize| {
            let bell = Object(BELLS + who as u64);
            self.parts[who].is_through && self.units_of(bell) > 0
        };
        let are_rung = parts.clone().any(is_rung);
        self.agents.were_bounded |= are_rung;
        self.agents.is_out = are_stuck && (are_rung || self.agents.is_short);
        self.agents.is_out
    }

    fn bell(&mut self, who: u8, act: Act) -> Wish {
        let object = Object(BELLS + u64::from(who));
        self.initially(object, 0);
        Wish { step: Step { object, size: 0, act }, of: Of::WakeUp(TaskId(u32::from(who) + 1)), address: 0 }
    }

    fn gate(&mut self, gate: Gate, act: Act) -> Wish {
        let object = Object(GATES + gate.number());
        self.initially(object, 0);
        Wish { step: Step { object, size: 0, act }, of: Of::Nothing, address: 0 }
    }

    /// The turns of the execution that was made, or of one that differs only in the order of what does not
    /// meet, in which agents have numbers as they came.
    pub(super) fn renumbered(&self, trace: &Trace, schedule: &Schedule) -> Schedule {
        if self.agents.are_new || self.agents.staff.is_empty() {
            return schedule.clone();
        }
        let mut steps: Vec<Vec<Step>> = alloc::vec![Vec::new(); self.parts.len()];
        trace.moves().for_each(|made| steps[usize::from(made.task)].push(made.step));
        let (mut next, mut came) = (alloc::vec![0; self.parts.len()], Vec::new());
        let tasks = schedule.parts(self.parts.len());
        for task in &tasks {
            let task = usize::from(*task);
            next[task] += 1;
            // It is rung for by the step after the one that says that there is something to do.
            let rung = steps[task].get(next[task]).filter(|step| matches!(step.act, Act::Give { .. }));
            let bell = rung.and_then(|step| step.object.0.checked_sub(BELLS));
            let bell = bell.filter(|bell| (*bell as usize) < self.parts.len());
            if let Some(bell) = bell.map(|bell| bell as u8)
                && !came.contains(&bell)
            {
                came.push(bell);
            }
        }
        let number = |task: u8| {
            let place = came.iter().position(|bell| *bell == task);
            place.map_or(task, |place| (self.agents.first() + place) as u8)
        };
        Schedule::of(tasks.into_iter().map(number))
    }
}

/// Where parts wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Until the driver has begun.
    Begun,
    /// Until all tasks are through.
    Done,
    /// That of one task, until what it is to wait for is done.
    Of(usize),
}

impl Gate {
    fn number(self) -> u64 {
        match self {
            Gate::Begun => 0,
            Gate::Done => 1,
            Gate::Of(task) => 2 + task as u64,
        }
    }
}

/// So many parts may pass the `gate` from now on.
#[track_caller]
pub fn open_gate(gate: Gate, units: u64) {
    let act = Act::Give { units, most: u64::MAX };
    step(Place::caller(), |world| world.gate(gate, act));
}

/// The running part passes the `gate` when so many units of it are there.
#[track_caller]
pub fn pass_gate(gate: Gate, units: u64) {
    let act = Act::Take { units, initially: 0 };
    step(Place::caller(), |world| world.gate(gate, act));
}

/// How many parts meet before they close their first files; none does when that is 0.
static MEETING: AtomicUsize = AtomicUsize::new(0);

/// From now on the first so many parts wait before they close their first files, until each of the others is
/// about to do that, or is through.
pub fn meet_before_close(parts: usize) {
    MEETING.store(parts, Relaxed);
}

/// The running part is about to close a file, or is through.
#[track_caller]
pub fn meet() {
    let parts = MEETING.load(Relaxed);
    let Some(me) = running().map(usize::from).filter(|me| *me < parts) else { return };
    if with(|world| core::mem::replace(&mut world.parts[me].has_met, true)) {
        return;
    }
    (0..parts).filter(|other| *other != me).for_each(|other| open_gate(Gate::Of(other), 1));
    pass_gate(Gate::Of(me), parts as u64 - 1);
}

/// The running task makes a step, if it is a part.
fn step(at: Place, wish: impl FnOnce(&mut World) -> Wish) {
    if is_part() {
        make(actor(), at, wish);
    }
}

/// The number of the agent that is known by the structure at `key`. [`None`]: it is none yet, so that the
/// execution says nothing.
pub fn number_of(key: usize) -> Option<usize> {
    with(|world| {
        let key = world.names.of(key);
        let who = if is_part() { world.agents.find(key) } else { None };
        if who.is_none() {
            world.agents.wanted.get_or_insert(key);
            world.trouble.get_or_insert(Trouble::Cannot("more that acts by itself than is tried"));
        }
        Some(usize::from(who?) - world.agents.first())
    })
}

/// Rings for agent `number`: it has something to do once more. It is the caller's next step after the one that
/// says so.
pub fn ring(number: usize, at: Place) {
    let act = Act::Give { units: 1, most: u64::MAX };
    step(at, |world| world.bell((world.agents.first() + number) as u8, act));
}

/// Whether the running task is an agent.
pub fn is_agent() -> bool {
    is_part() && with(|world| world.turn.is_some_and(|me| world.agents.is_one(me)))
}

/// Sorts addresses by the names of what is there, which are the same in each execution.
pub fn sort(addresses: &mut [usize]) {
    let mut named: Vec<(Object, usize)> =
        with(|world| addresses.iter().map(|address| (world.names.of(*address), *address)).collect());
    kcore::sort::few(&mut named, |a, b| a < b);
    addresses.iter_mut().zip(named).for_each(|(address, (_, sorted))| *address = sorted);
}

/// The caller looks at whether the structure at `address` has something to do, or changes that: what it does is
/// called so.
pub fn agenda(what: &'static str, act: Act, address: usize, at: Place) {
    step(at, |world| {
        let object = Object(OWN | world.names.of(address).0);
        Wish { step: Step { object, size: 1, act }, of: Of::Does(what), address: 0 }
    });
}

/// The caller waits until another has changed whether the structure at `address` has something to do.
pub fn await_agenda(address: usize, at: Place) {
    step(at, |world| {
        let object = Object(OWN | world.names.of(address).0);
        Wish { step: Step { object, size: 1, act: Act::Await { also: None } }, of: Of::Looks, address: 0 }
    });
}

/// The caller takes or gives the right to do what the structure at `lock` is about, which one has at a time.
pub fn change(change: Change, lock: LockId, at: Place) {
    step(at, |world| {
        let object = Object(OWN | UNITS | world.names.of(lock.address).0);
        let act = Act::of_units(change, world.initially(object, 1));
        Wish { step: Step { object, size: 0, act }, of: Of::Lock(lock), address: 0 }
    });
    let told = match change {
        Change::Take(_) => LockStep::Acquired,
        Change::Give(_) => LockStep::Release,
        _ => return,
    };
    if is_part() {
        let is_atomic = context::is_atomic();
        with(|world| world.tell(actor(), What::Lock(told, lock), at, is_atomic));
    }
}

/// The same, if none has that right; whether so.
pub fn try_take(lock: LockId, at: Place) -> bool {
    change(Change::TryTake(1), lock, at);
    !is_part() || with(|world| world.turn.is_some_and(|me| world.parts[usize::from(me)].has_got))
}

/// What tells names of agents' own from those of a driver's memory, and those of rights from both.
const OWN: u64 = 1 << 63;
const UNITS: u64 = 1 << 59;

/// Whether a step takes such a right.
pub(super) fn is_right(step: &Step) -> bool {
    let is_own = step.object.0 & OWN != 0 && step.object.0 & UNITS != 0;
    is_own && matches!(step.act, Act::Take { .. })
}

/// What is done in the execution under way cannot be explored, if the running task is a part.
pub fn cannot(what: &'static str) {
    if is_part() {
        with(|world| world.trouble.get_or_insert(Trouble::Cannot(what)).clone());
    }
}

/// The running task sleeps until `moment`, or until it is woken. A part goes on at once, whenever the explorer
/// says, if it has not done so too often: [`None`]; else it sleeps until it is woken.
pub fn sleeps_until(moment: u64) -> Option<u64> {
    if moment == NEVER || !is_part() || Mode::now() != Mode::Apart {
        return Some(moment);
    }
    with(|world| {
        let me = usize::from(world.turn?);
        let left = world.agents.left[me].checked_sub(1);
        world.agents.left[me] = left.unwrap_or(0);
        world.agents.is_short |= left.is_none();
        left.is_none().then_some(NEVER)
    })
}

/// Those of `staff`, with what was missing in the execution that was broken off; [`None`] if that was nothing,
/// or there will never be enough.
pub fn more() -> Option<Staff> {
    with(|world| {
        let mut staff = world.agents.staff.clone();
        if let Some(key) = world.agents.wanted.take() {
            staff.keys.push(key);
            return (staff.len() <= MOST).then_some(staff);
        }
        staff.most *= 2;
        let is_out = core::mem::take(&mut world.agents.is_out);
        (is_out && staff.most <= LAST).then_some(staff)
    })
}

/// Whether what drivers leave for later was done less often than it was asked for, since this was asked last.
pub fn were_bounded() -> bool {
    with(|world| core::mem::take(&mut world.agents.were_bounded))
}
