//! Small programs, and all their executions made by brute force.

use std::collections::{BTreeSet, VecDeque};

use fastrand::Rng;
use kcore::explore::{Act, Bounded, Frontier, Next, Object, Search, Share, Step, Trace, Want};

/// One instruction. Each task has a register.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// The register becomes what is in the variable.
    Load(u64),
    /// The variable becomes the register, plus this.
    Store(u64, u64),
    /// The register is exchanged for the variable plus this, in one step.
    Add(u64, u64),
    /// Takes the lock: waits until it is free.
    Lock(u64),
    /// Gives it back.
    Unlock(u64),
    /// Shares a lock, and gives the share back.
    Share(u64),
    Unshare(u64),
    /// Takes the lock that can be shared, for itself.
    Own(u64),
    Disown(u64),
    /// Waits until there is a unit, and takes it.
    Down(u64),
    /// Gives a unit.
    Up(u64),
    /// Sleeps until it is woken: one wake-up is kept.
    Sleep,
    /// Wakes a task.
    Wake(u8),
    /// Goes on at once if the variable is not this, and else spins until it is stored to, and looks again.
    Spin(u64, u64),
}

const LOCKS: u64 = 1 << 20;
const SHARES: u64 = 1 << 21;
const UNITS: u64 = 1 << 22;
const SLEEPS: u64 = 1 << 23;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    memory: Vec<u64>,
    registers: Vec<u64>,
    places: Vec<usize>,
    /// Tasks that have looked and found what they did not want, and how many stores there had been.
    spinning: Vec<Option<u64>>,
    units: Vec<u64>,
    stores: Vec<u64>,
    /// Where stores wait: the variable, the value, and after how many steps of the task it was made. None
    /// where stores take effect at once.
    buffers: Option<Vec<VecDeque<(u64, u64, u32)>>>,
    /// How many steps each task has made, and each buffer.
    made: Vec<u32>,
}

pub(crate) type Program = Vec<Vec<Op>>;

/// Memory, registers, how far each task has come, and units.
type End = (Vec<u64>, Vec<u64>, Vec<usize>, Vec<u64>);

impl State {
    pub(crate) fn new(program: &Program, tso: bool) -> Self {
        let tasks = program.len();
        let units = std::iter::repeat_n(1, 4).chain(std::iter::repeat_n(kcore::event::ALL_UNITS, 4));
        let units = units.chain(std::iter::repeat_n(0, 4)).chain(std::iter::repeat_n(0, tasks));
        let mut state = State {
            buffers: tso.then(|| vec![VecDeque::new(); tasks]),
            made: vec![0; 2 * tasks],
            memory: vec![0; 8],
            registers: vec![0; tasks],
            places: vec![0; tasks],
            spinning: vec![None; tasks],
            units: units.collect(),
            stores: vec![0; 8],
        };
        (0..tasks).for_each(|task| state.buffer(program, task));
        state
    }

    /// How many take part: the tasks, and their buffers.
    pub(crate) fn parts(&self) -> usize {
        self.places.len() * if self.buffers.is_some() { 2 } else { 1 }
    }

    /// The task makes all stores that come next: each goes into the buffer.
    fn buffer(&mut self, program: &Program, task: usize) {
        let Some(buffers) = &mut self.buffers else { return };
        while let Some(Op::Store(variable, more)) = program[task].get(self.places[task]) {
            buffers[task].push_back((*variable, self.registers[task] + more, self.made[task]));
            self.places[task] += 1;
        }
    }

    /// What a part wants to do next.
    pub(crate) fn want(&self, program: &Program, part: usize) -> Option<Want> {
        let tasks = self.places.len();
        let Some(buffers) = &self.buffers else { return self.pending(program, part).map(Want::of) };
        if part >= tasks {
            let (variable, _, after) = *buffers[part - tasks].front()?;
            let step = Step { object: Object(variable * 8), size: 8, act: Act::Store };
            let after = (after > 0).then_some(((part - tasks) as u8, after));
            return Some(Want { step, after, ready: true });
        }
        let step = self.pending(program, part)?;
        if matches!(step.act, Act::Load | Act::Await { .. }) {
            return Some(Want::of(step));
        }
        let (left, waiting) = (self.made[tasks + part], buffers[part].len() as u32);
        let after = (left + waiting > 0).then_some(((tasks + part) as u8, left + waiting));
        Some(Want { step, after, ready: waiting == 0 })
    }

    /// What is the same in all executions that are equivalent.
    pub(crate) fn end(&self) -> End {
        (self.memory.clone(), self.registers.clone(), self.places.clone(), self.units.clone())
    }

    fn slot(op: Op, task: usize) -> usize {
        (match op {
            Op::Lock(lock) | Op::Unlock(lock) => lock,
            Op::Share(lock) | Op::Unshare(lock) | Op::Own(lock) | Op::Disown(lock) => 4 + lock,
            Op::Down(unit) | Op::Up(unit) => 8 + unit,
            Op::Sleep => 12 + task as u64,
            Op::Wake(task) => 12 + u64::from(task),
            _ => unreachable!(),
        }) as usize
    }

    pub(crate) fn pending(&self, program: &Program, task: usize) -> Option<Step> {
        let op = *program[task].get(self.places[task])?;
        let access = |variable: u64, act| Step { object: Object(variable * 8), size: 8, act };
        let units = |object, act| Step { object: Object(object), size: 0, act };
        let all = kcore::event::ALL_UNITS;
        Some(match op {
            Op::Load(variable) => access(variable, Act::Load),
            Op::Store(variable, _) => access(variable, Act::Store),
            Op::Add(variable, _) => access(variable, Act::Update),
            Op::Spin(variable, _) if self.spinning[task].is_some() => {
                access(variable, Act::Await { also: None })
            }
            Op::Spin(variable, _) => access(variable, Act::Load),
            Op::Lock(lock) => units(LOCKS + lock, Act::Take { units: 1, initially: 1 }),
            Op::Unlock(lock) => units(LOCKS + lock, Act::Give { units: 1, most: 1 }),
            Op::Share(lock) => units(SHARES + lock, Act::Take { units: 1, initially: all }),
            Op::Unshare(lock) => units(SHARES + lock, Act::Give { units: 1, most: all }),
            Op::Own(lock) => units(SHARES + lock, Act::Take { units: all, initially: all }),
            Op::Disown(lock) => units(SHARES + lock, Act::Give { units: all, most: all }),
            Op::Down(unit) => units(UNITS + unit, Act::Take { units: 1, initially: 0 }),
            Op::Up(unit) => units(UNITS + unit, Act::Give { units: 1, most: u64::MAX }),
            Op::Sleep => units(SLEEPS + task as u64, Act::Take { units: 1, initially: 0 }),
            Op::Wake(other) => units(SLEEPS + u64::from(other), Act::Give { units: 1, most: 1 }),
        })
    }

    pub(crate) fn is_ready(&self, program: &Program, task: usize) -> bool {
        if self.buffers.is_some() && self.want(program, task).is_none_or(|want| !want.ready) {
            return false;
        }
        task >= self.places.len() || self.could_go_on(program, task)
    }

    /// Whether there is what the task waits for, besides that its own stores leave their buffer.
    fn could_go_on(&self, program: &Program, task: usize) -> bool {
        let Some(op) = program[task].get(self.places[task]) else { return false };
        let step = self.pending(program, task).unwrap();
        match (step.act, op) {
            (Act::Take { units, .. }, _) => self.units[Self::slot(*op, task)] >= units,
            (Act::Await { .. }, Op::Spin(variable, _)) => {
                self.spinning[task] != Some(self.stores[*variable as usize])
            }
            _ => true,
        }
    }

    pub(crate) fn run(&mut self, program: &Program, part: usize) {
        self.made[part] += 1;
        let tasks = self.places.len();
        match &mut self.buffers {
            Some(buffers) if part >= tasks => {
                let (variable, value, _) = buffers[part - tasks].pop_front().unwrap();
                self.memory[variable as usize] = value;
                let stores = &mut self.stores[variable as usize];
                // A task that spins there has seen its own store already.
                let task = part - tasks;
                if matches!(program[task].get(self.places[task]), Some(Op::Spin(on, _)) if *on == variable) {
                    self.spinning[task].iter_mut().for_each(|seen| *seen += u64::from(seen == stores));
                }
                *stores += 1;
            }
            _ => {
                self.make(program, part);
                self.buffer(program, part);
            }
        }
    }

    /// What the task sees: its own store, if one waits.
    fn seen(&self, task: usize, variable: u64) -> u64 {
        let buffer = self.buffers.iter().flat_map(|buffers| buffers[task].iter().rev());
        let own = buffer.into_iter().find(|(stored, ..)| *stored == variable);
        own.map_or(self.memory[variable as usize], |(_, value, _)| *value)
    }

    fn make(&mut self, program: &Program, task: usize) {
        let op = program[task][self.places[task]];
        let act = self.pending(program, task).unwrap().act;
        match op {
            Op::Load(variable) => self.registers[task] = self.seen(task, variable),
            Op::Store(variable, more) => {
                self.memory[variable as usize] = self.registers[task] + more;
                self.stores[variable as usize] += 1;
            }
            Op::Add(variable, more) => {
                let before = self.memory[variable as usize];
                self.memory[variable as usize] = before + more;
                self.registers[task] = before;
                self.stores[variable as usize] += 1;
            }
            Op::Spin(variable, unwanted) => {
                if self.spinning[task].take().is_some() {
                    return;
                }
                if self.seen(task, variable) == unwanted {
                    self.spinning[task] = Some(self.stores[variable as usize]);
                    return;
                }
            }
            _ => {
                let units = &mut self.units[Self::slot(op, task)];
                match act {
                    Act::Take { units: taken, .. } => *units -= taken,
                    Act::Give { units: given, most } => *units = (*units + given).min(most),
                    _ => unreachable!(),
                }
            }
        }
        self.places[task] += 1;
    }
}

/// What all executions come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct All {
    pub(crate) ends: BTreeSet<End>,
    pub(crate) traces: BTreeSet<Vec<(u8, u32, u8, u32)>>,
}

/// Which of the steps in conflict came first: what makes two executions equivalent or not.
fn order(steps: &[(u8, Step)], tasks: usize) -> Vec<(u8, u32, u8, u32)> {
    let of = |part: u8| usize::from(part) % tasks;
    let mut count = [0; 8];
    let mut numbered = Vec::new();
    let mut pairs = Vec::new();
    for &(task, step) in steps {
        count[usize::from(task)] += 1;
        let number = count[usize::from(task)];
        for &(before, first, earlier) in &numbered {
            let earlier: Step = earlier;
            if of(before) != of(task) && earlier.conflicts(&step) {
                pairs.push((before, first, task, number));
            }
        }
        numbered.push((task, number, step));
    }
    pairs.sort_unstable();
    // Executions without conflicts differ in the tasks that took part.
    pairs.extend((0..8).map(|task| (task, count[usize::from(task)], u8::MAX, 0)));
    pairs
}

/// All executions, one after the other.
pub(crate) fn brute_force(program: &Program, all: &mut All, steps: &mut Vec<(u8, Step)>, state: &State) {
    let mut over = true;
    for task in 0..state.parts() {
        if !state.is_ready(program, task) {
            continue;
        }
        over = false;
        let mut next = state.clone();
        steps.push((task as u8, state.want(program, task).unwrap().step));
        next.run(program, task);
        brute_force(program, all, steps, &next);
        steps.pop();
    }
    if over {
        all.ends.insert(state.end());
        all.traces.insert(order(steps, program.len()));
    }
}

/// Those in which at most `left` tasks that could go on are kept from it by another; `last` has gone on last.
pub(crate) fn brute_force_within(
    program: &Program,
    left: u32,
    last: Option<usize>,
    all: &mut All,
    steps: &mut Vec<(u8, Step)>,
    state: &State,
) {
    let ready = (0..state.parts()).filter(|part| state.is_ready(program, *part)).collect::<Vec<_>>();
    for &part in &ready {
        let is_task = part < program.len();
        let preempts = is_task && last.is_some_and(|last| last != part && state.could_go_on(program, last));
        let Some(left) = left.checked_sub(preempts.into()) else { continue };
        let mut next = state.clone();
        steps.push((part as u8, state.want(program, part).unwrap().step));
        next.run(program, part);
        let last = if is_task { Some(part) } else { last };
        brute_force_within(program, left, last, all, steps, &next);
        steps.pop();
    }
    if ready.is_empty() {
        all.ends.insert(state.end());
        all.traces.insert(order(steps, program.len()));
    }
}

/// How many executions a search has made of the program, and what they came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) executions: u64,
    pub(crate) asleep: u64,
    pub(crate) all: All,
}

impl Made {
    /// Makes the next execution of `search`. Gives what tasks wait to do at its end.
    fn execute(&mut self, search: &mut Search, program: &Program, tso: bool) -> Vec<Option<Want>> {
        search.begin();
        let (pending, ended) = go_on(program, tso, |pending, last| search.next(pending, last).unwrap());
        self.asleep += u64::from(ended.is_none());
        self.executions += 1;
        self.add(ended.unwrap_or_default(), search.trace(), program);
        pending
    }

    /// An execution was made that has ended like that.
    fn add(&mut self, end: End, trace: &Trace, program: &Program) {
        self.all.ends.insert(end);
        let steps: Vec<_> = trace.moves().map(|made| (made.task, made.step)).collect();
        self.all.traces.insert(order(&steps, program.len()));
    }
}

/// Makes an execution in which `next` decides who goes on: what tasks wait to do at its end, and how it has
/// ended, if it was not given up.
fn go_on(
    program: &Program,
    tso: bool,
    mut next: impl FnMut(&[Option<Want>], Option<u8>) -> Next,
) -> (Vec<Option<Want>>, Option<End>) {
    let mut state = State::new(program, tso);
    let mut last = None;
    loop {
        let pending: Vec<_> = (0..state.parts()).map(|part| state.want(program, part)).collect();
        match next(&pending, last) {
            Next::Run(part) => {
                assert!(state.is_ready(program, part.into()), "{program:?} {part}");
                state.run(program, part.into());
                last = Some(part).filter(|part| usize::from(*part) < program.len()).or(last);
            }
            Next::Over => return (pending, Some(state.end())),
            Next::Asleep => return (pending, None),
        }
    }
}

/// All executions of the program with no more preemptions than `most`, as they are with one, two, ...; and
/// whether there are no others.
pub(crate) fn explore_within(
    program: &Program,
    tso: bool,
    most: u32,
    mut made: impl FnMut(u32, &Made),
) -> bool {
    let mut bounded = Bounded::new(State::new(program, tso).parts(), program.len());
    let mut found = Made::default();
    loop {
        bounded.begin();
        let (_, ended) = go_on(program, tso, |pending, last| bounded.next(pending, last).unwrap());
        let is_new = bounded.end();
        found.asleep += u64::from(!is_new);
        if is_new {
            found.executions += 1;
            found.add(ended.expect("it goes on to its end"), bounded.trace(), program);
        }
        if !bounded.go_back() {
            made(bounded.preemptions(), &found);
            if bounded.preemptions() == most || !bounded.deepen() {
                return !bounded.has_more();
            }
        }
    }
}

/// A search through the executions of the program.
fn search(program: &Program, tso: bool) -> Search {
    Search::new(State::new(program, tso).parts(), program.len())
}

pub(crate) fn explore(program: &Program, tso: bool) -> Made {
    let mut search = search(program, tso);
    let mut made = Made::default();
    loop {
        let pending = made.execute(&mut search, program, tso);
        if !search.end(&pending) {
            return made;
        }
    }
}

/// The same by some searches that share what `frontier` has; which of them goes on is drawn, and now and then
/// all hand over what they have, as when they are to go on later.
pub(crate) fn explore_shared(
    program: &Program,
    tso: bool,
    frontier: &mut Frontier,
    made: &mut Made,
    chance: &mut Rng,
) {
    let mut searches: Vec<Option<Search>> = (0..3).map(|_| None).collect();
    while searches.iter().any(Option::is_some) || frontier.parts() > 0 {
        let interrupted = chance.u32(0..20) == 0;
        let at = chance.usize(0..3);
        for (_, place) in searches.iter_mut().enumerate().filter(|(number, _)| interrupted || *number == at) {
            let Some(search) = place else {
                *place = frontier.take().map(|part| {
                    let mut search = search(program, tso);
                    search.take_up(part);
                    search
                });
                continue;
            };
            let pending = made.execute(search, program, tso);
            search.look_back(&pending);
            let what = if interrupted { 2 } else { chance.u32(0..4) };
            search.hand_over(frontier, [Share::Found, Share::First, Share::All, Share::Found][what as usize]);
            frontier.note(search.part(), search.progress());
            assert!((0.0..=1.0).contains(&frontier.progress()), "{}", frontier.progress());
            if !search.go_back() {
                frontier.finish(search.part());
                *place = None;
            }
        }
        if interrupted && searches.iter().all(Option::is_none) {
            let text = serde_json::to_string(frontier).unwrap();
            *frontier = serde_json::from_str(&text).unwrap();
        }
    }
}

/// The same by searches each of which keeps a share of `frontier`: leaves there what they have found besides.
pub(crate) fn explore_apart(
    program: &Program,
    tso: bool,
    frontier: &mut Frontier,
    made: &mut Made,
    chance: &mut Rng,
) {
    let wanted = chance.usize(1..12);
    while (1..wanted).contains(&frontier.parts()) {
        let mut search = search(program, tso);
        search.take_up(frontier.take().unwrap());
        let pending = made.execute(&mut search, program, tso);
        search.look_back(&pending);
        search.hand_over(frontier, Share::All);
        search.go_back();
        frontier.finish(search.part());
    }
    let shards = (0..3).map(|number| {
        let mut shard = frontier.clone();
        shard.keep(number, 3);
        explore_shared(program, tso, &mut shard, made, chance);
        shard
    });
    *frontier = Frontier::merged(&shards.collect::<Vec<_>>());
}
