//! The execution under way: its steps, what happened before what, and which of them race.

use alloc::vec::Vec;

use super::step::{Act, Object, Step};
use super::wakeup::Move;

/// Two steps in conflict, with nothing between them that orders them: made the other way round, they begin
/// another execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Race {
    /// The place of the first.
    pub first: usize,
    /// The second.
    pub second: Move,
}

/// The steps so far.
#[derive(Debug)]
pub struct Trace {
    tasks: usize,
    kin: usize,
    events: Vec<Event>,
    /// The same in short.
    shorts: Vec<Short>,
    /// For each event and each task: how many steps of the task happened before the event, or are it.
    clocks: Vec<u32>,
    /// For each task: the place of its last event.
    last: Vec<Option<usize>>,
    /// Places before which all tasks have waited for each other.
    barriers: Vec<usize>,
    races: Vec<Race>,
    clock: Vec<u32>,
    covered: Vec<u32>,
}

/// What it takes to see that a step is not in conflict with another.
#[derive(Clone, Copy, Debug)]
struct Short {
    task: u8,
    number: u32,
    /// The place from which on its task has made all steps up to it.
    row: usize,
    /// Its [reach](Step::reach).
    reach: (u64, u64),
}

/// A step that was made.
#[derive(Debug)]
struct Event {
    made: Move,
    /// The place of the step before it of the same task.
    previous: Option<usize>,
    /// How many units of its object there are after it; [`None`] when it has none, or only a step that takes
    /// some will tell how many there were in the beginning.
    units: Option<u64>,
    /// How often the task changes, at most, in a row of steps that happened one before the other and lead up
    /// to it.
    turns: u32,
}

impl Trace {
    /// No steps yet, of so many tasks; the first `kin` are such, as many behind them the buffers of their
    /// stores, in the same order, and all others what happens to tasks.
    pub fn new(tasks: usize, kin: usize) -> Self {
        Trace {
            tasks,
            kin,
            events: Vec::new(),
            shorts: Vec::new(),
            clocks: Vec::new(),
            last: alloc::vec![None; tasks],
            barriers: Vec::new(),
            races: Vec::new(),
            clock: alloc::vec![0; tasks],
            covered: alloc::vec![0; tasks],
        }
    }

    /// How many tasks there are.
    pub fn kin(&self) -> usize {
        self.kin
    }

    /// How many tasks and buffers there are.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    /// The first event of `task` from place `from` on.
    pub(super) fn next_of(&self, task: u8, from: usize) -> Option<usize> {
        self.shorts[from..].iter().position(|step| step.task == task).map(|at| from + at)
    }

    /// Whether all that happened before event `at` has been made, where so many steps of each task have.
    pub(super) fn can_follow(&self, at: usize, made: &[u32]) -> bool {
        let task = usize::from(self.shorts[at].task);
        let mut clock = self.clock_of(at).iter().zip(made).enumerate();
        clock.all(|(other, (before, made))| before - u32::from(other == task) <= *made)
    }

    /// How many steps were made.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Step number `at`.
    #[inline]
    pub fn get(&self, at: usize) -> &Move {
        &self.events[at].made
    }

    /// Whether `task` made `step` as number `at`.
    #[inline(always)]
    pub fn is_step(&self, at: usize, task: u8, step: &Step) -> bool {
        let made = &self.events[at].made;
        made.task == task && made.step == *step
    }

    /// All steps.
    pub fn moves(&self) -> impl ExactSizeIterator<Item = Move> {
        self.events.iter().map(|event| event.made)
    }

    /// Forgets all steps from `len` on.
    pub fn truncate(&mut self, len: usize) {
        for Event { made, previous, .. } in self.events.drain(len..).rev() {
            self.last[usize::from(made.task)] = previous;
        }
        self.shorts.truncate(len);
        self.clocks.truncate(len * self.tasks);
        self.barriers.retain(|&at| at <= len);
    }

    /// All tasks have waited for each other: what comes now comes after all that was.
    pub fn barrier(&mut self) {
        if self.barriers.last() != Some(&self.len()) {
            self.barriers.push(self.len());
        }
    }

    /// Before which step all tasks have waited for each other for the last time.
    pub(crate) fn since(&self) -> usize {
        self.barriers.last().copied().unwrap_or(0)
    }

    /// Makes a step.
    pub fn push(&mut self, made: &Move) {
        let at = self.len();
        let turns = self.find_races(made);
        let task = usize::from(made.task);
        self.clock[task] += 1;
        debug_assert_eq!(self.clock[task], made.number);
        let units = self.units_with(&made.step);
        let row = self.shorts.last().filter(|last| last.task == made.task).map_or(at, |last| last.row);
        self.shorts.push(Short { task: made.task, number: made.number, row, reach: made.step.reach() });
        self.events.push(Event { made: *made, previous: self.last[task], units, turns });
        self.clocks.extend_from_slice(&self.clock);
        self.last[task] = Some(at);
    }

    /// To which task `task` belongs: a buffer to the one whose stores wait in it, and what is neither to
    /// itself.
    pub(super) fn of(&self, task: u8) -> u8 {
        let buffers = self.kin..2 * self.kin;
        if buffers.contains(&usize::from(task)) { task - self.kin as u8 } else { task }
    }

    /// Which step of `task` comes next, from 1.
    pub fn next_number(&self, task: u8) -> u32 {
        self.last[usize::from(task)].map_or(0, |last| self.events[last].made.number) + 1
    }

    /// A step that some task would like to make now and cannot: with which steps it races.
    pub fn would_make(&mut self, wanted: Move) {
        self.find_races(&wanted);
    }

    /// The races of all steps since they were forgotten last, and of those that could not be made.
    pub fn races(&self) -> &[Race] {
        &self.races
    }

    /// All that there were are known.
    pub fn forget_races(&mut self) {
        self.races.clear();
    }

    /// So often at least another task goes on, in whatever order steps are made that happened after no other.
    pub(super) fn least_switches(&self) -> usize {
        self.last.iter().flatten().map(|&last| self.events[last].turns as usize).max().unwrap_or(0)
    }

    /// Whether event `first` happened before event `second`, or is it.
    #[inline]
    pub fn happened_before(&self, first: usize, second: usize) -> bool {
        let Move { task, number, .. } = self.events[first].made;
        self.clock_of(second)[usize::from(task)] >= number
    }

    /// What can be made from `first` on without it: all later steps that did not happen after it.
    pub fn independent_of(&self, first: usize) -> impl Iterator<Item = Move> {
        let Move { task, number, .. } = *self.get(first);
        let later = self.events.iter().zip(self.clocks.chunks_exact(self.tasks)).skip(first + 1);
        later.filter(move |(_, clock)| clock[usize::from(task)] < number).map(|(event, _)| event.made)
    }

    /// Whether `task` can make `step` after all steps so far.
    #[inline]
    pub fn is_ready(&self, task: u8, step: &Step) -> bool {
        !step.waits() || self.has_come(task, step)
    }

    /// Whether what the step waits for has come.
    fn has_come(&self, task: u8, step: &Step) -> bool {
        match step.act {
            Act::Take { initially, .. } => {
                let units = self.units_before(self.len(), step.object, initially);
                step.units_after(units).is_some()
            }
            Act::Await { also } => self.is_awaited(task, step, also, &|_| true),
            _ => true,
        }
    }

    /// The same, if step `without`, which is in conflict with it, had not been made, nor any that happened
    /// after it.
    #[inline(never)]
    fn is_ready_without(&self, next: &Move, without: usize) -> bool {
        let is_there = |at: usize| !self.happened_before(without, at);
        match next.step.act {
            Act::Take { initially, .. } => {
                let Step { object, .. } = next.step;
                let mut units = self.units_before(without, object, initially);
                for (event, at) in self.events[without..].iter().zip(without..) {
                    if event.made.step.object == object && is_there(at) {
                        units = event.made.step.units_after(units).expect("what was made could be made");
                    }
                }
                next.step.units_after(units).is_some()
            }
            Act::Await { also } => self.is_awaited(next.task, &next.step, also, &is_there),
            _ => true,
        }
    }

    /// How many units of `object` there were before the step at this place, if there were so many
    /// `initially`.
    fn units_before(&self, place: usize, object: Object, initially: u64) -> u64 {
        let steps = &self.events[self.since()..place];
        let Some(last) = steps.iter().rposition(|event| event.made.step.object == object) else {
            return initially;
        };
        let Event { made, units, .. } = &steps[last];
        units.unwrap_or_else(|| {
            let before = self.units_before(self.since() + last, object, initially);
            made.step.units_after(before).expect("what was made could be made")
        })
    }

    /// How many units of its object there are after a step that is about to be made, if that is known.
    fn units_with(&self, step: &Step) -> Option<u64> {
        let before = match step.act {
            Act::Take { initially, .. } | Act::TryTake { initially, .. } | Act::Withdraw { initially } => {
                self.units_before(self.len(), step.object, initially)
            }
            Act::Give { units, most } if units >= most => return Some(most),
            Act::Give { .. } => {
                let steps = &self.events[self.since()..];
                steps.iter().rfind(|event| event.made.step.object == step.object)?.units?
            }
            _ => return None,
        };
        step.units_after(before)
    }

    /// Whether there is what ends the wait of `task`, among the steps that [are there](Trace::has_changed).
    fn is_awaited(
        &self,
        task: u8,
        step: &Step,
        also: Option<(Object, u64)>,
        is_there: &impl Fn(usize) -> bool,
    ) -> bool {
        let first = Step { act: Act::Load, ..*step };
        let second = also.map(|(object, size)| Step { object, size, act: Act::Load });
        [Some(first), second].iter().flatten().any(|what| self.has_changed(task, what, is_there))
    }

    /// Whether a task has stored to what `task` has loaded, since it did so last.
    fn has_changed(&self, task: u8, what: &Step, is_there: &impl Fn(usize) -> bool) -> bool {
        for (at, event) in self.events.iter().enumerate().rev() {
            let Move { task: by, of, step, .. } = &event.made;
            let is_access =
                matches!(step.act, Act::Load | Act::Store | Act::Update | Act::Free) && step.overlaps(what);
            if is_access && *of == task && *by == task {
                return false;
            }
            if is_access && *of != task && step.act != Act::Load && is_there(at) {
                return true;
            }
        }
        false
    }

    /// How many steps of each task happened before event `at`, or are it.
    pub(super) fn clock_of(&self, at: usize) -> &[u32] {
        &self.clocks[at * self.tasks..][..self.tasks]
    }

    /// Finds out what happened before `made`, into `clock`, and with what it races. Returns its
    /// [turns](Event::turns).
    fn find_races(&mut self, made: &Move) -> u32 {
        let mut turns = self.begin_clock(made);
        // How many steps there still are that are not covered.
        let mut left = self.len() as u32 - self.clock.iter().sum::<u32>();
        if left == 0 {
            return turns;
        }
        self.covered.copy_from_slice(&self.clock);
        let (mut end, reach) = (self.len(), made.step.reach());
        while let Some(first) = last_that_meets(&self.shorts[..end], reach, &self.covered, &mut left) {
            end = first;
            let before = &self.events[first];
            if !before.made.conflicts(made) {
                continue;
            }
            turns = turns.max(before.turns + 1);
            let clock = &self.clocks[first * self.tasks..][..self.tasks];
            join(&mut self.clock, clock);
            if !made.step.waits() || self.is_ready_without(made, first) {
                // What happened before it is behind it.
                left = left + 1 - join(&mut self.covered, clock);
                self.races.push(Race { first, second: *made });
            }
        }
        turns
    }

    /// What happened before `made` whatever it does: the steps of its task, and what these wait for. Returns
    /// the turns up to there.
    fn begin_clock(&mut self, made: &Move) -> u32 {
        let since = self.since();
        let mut turns = 0;
        match self.last[usize::from(made.task)].filter(|&own| own >= since) {
            Some(own) => {
                turns = self.events[own].turns;
                self.clock.copy_from_slice(&self.clocks[own * self.tasks..][..self.tasks]);
            }
            None => {
                self.clock.fill(0);
                for Event { made, .. } in &self.events[..since] {
                    self.clock[usize::from(made.task)] = made.number;
                }
            }
        }
        if let Some((task, number)) = made.after {
            let is_it = |event: &Event| (event.made.task, event.made.number) == (task, number);
            if let Some(after) = self.events.iter().rposition(is_it).filter(|&after| after >= since) {
                turns = turns.max(self.events[after].turns);
                join(&mut self.clock, &self.clocks[after * self.tasks..][..self.tasks]);
            }
        }
        turns
    }
}

/// The last of these steps, of which so many are `left` that are not covered, that is not and touches
/// something there.
// By itself it is a loop of a few instructions.
#[inline(never)]
fn last_that_meets(
    steps: &[Short],
    (from, to): (u64, u64),
    covered: &[u32],
    left: &mut u32,
) -> Option<usize> {
    let mut end = steps.len();
    while *left > 0 && end > 0 {
        end -= 1;
        let step = &steps[end];
        if step.number <= covered[usize::from(step.task)] {
            // So are those that its task has made just before.
            end = step.row;
            continue;
        }
        *left -= 1;
        if step.reach.0 < to && from < step.reach.1 {
            return Some(end);
        }
    }
    None
}

/// Raises `into` to `other` where that is larger: by how much in all.
fn join(into: &mut [u32], other: &[u32]) -> u32 {
    let mut raised = 0;
    for (into, &other) in into.iter_mut().zip(other) {
        let before = *into;
        *into = before.max(other);
        raised += *into - before;
    }
    raised
}
