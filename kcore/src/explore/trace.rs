//! The execution under way: its steps, what happened before what, and which of them race.

use alloc::vec::Vec;

use super::step::{Act, Step};
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
    events: Vec<Move>,
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

impl Trace {
    /// No steps yet, of so many tasks; the first `kin` are such, and all others, in the same order, the buffers of
    /// their stores.
    pub fn new(tasks: usize, kin: usize) -> Self {
        Trace {
            tasks,
            kin,
            events: Vec::new(),
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

    /// Events that can come next, where so many of each task's have been made: of each task, its next.
    pub(super) fn after<'a>(&'a self, made: &'a [u32]) -> impl Iterator<Item = usize> + 'a {
        let is_next = move |at: &usize| {
            let task = usize::from(self.events[*at].task);
            let clock = self.clock_of(*at).iter().zip(made).enumerate();
            clock.into_iter().all(|(other, (before, made))| match other == task {
                true => *before == made + 1,
                false => before <= made,
            })
        };
        (0..self.len()).filter(is_next)
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
    pub fn get(&self, at: usize) -> Move {
        self.events[at]
    }

    /// All steps.
    pub fn moves(&self) -> impl ExactSizeIterator<Item = Move> {
        self.events.iter().copied()
    }

    /// Forgets all steps from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.events.truncate(len);
        self.clocks.truncate(len * self.tasks);
        self.barriers.retain(|&at| at <= len);
        self.last.fill(None);
        for (at, event) in self.events.iter().enumerate() {
            self.last[usize::from(event.task)] = Some(at);
        }
    }

    /// All tasks have waited for each other: what comes now comes after all that was.
    pub fn barrier(&mut self) {
        if self.barriers.last() != Some(&self.len()) {
            self.barriers.push(self.len());
        }
    }

    /// Before which step all tasks have waited for each other for the last time.
    fn since(&self) -> usize {
        self.barriers.last().copied().unwrap_or(0)
    }

    /// Makes a step.
    pub fn push(&mut self, made: Move) {
        let at = self.len();
        self.find_races(made);
        let task = usize::from(made.task);
        self.clock[task] += 1;
        debug_assert_eq!(self.clock[task], made.number);
        self.events.push(made);
        self.clocks.extend_from_slice(&self.clock);
        self.last[task] = Some(at);
    }

    /// To which task `task` belongs.
    pub(super) fn of(&self, task: u8) -> u8 {
        (usize::from(task) % self.kin) as u8
    }

    /// Which step of `task` comes next, from 1.
    pub fn next_number(&self, task: u8) -> u32 {
        self.last[usize::from(task)].map_or(0, |last| self.events[last].number) + 1
    }

    /// A step that some task would like to make now and cannot: with which steps it races.
    pub fn would_make(&mut self, wanted: Move) {
        self.find_races(wanted);
    }

    /// The races of all steps since they were taken last, and of those that could not be made.
    pub fn take_races(&mut self) -> Vec<Race> {
        core::mem::take(&mut self.races)
    }

    /// Whether event `first` happened before event `second`, or is it.
    pub fn happened_before(&self, first: usize, second: usize) -> bool {
        let Move { task, number, .. } = self.events[first];
        self.clock_of(second)[usize::from(task)] >= number
    }

    /// What can be made from `first` on without it: all later steps that did not happen after it.
    pub fn independent_of(&self, first: usize) -> impl Iterator<Item = Move> {
        let later = first + 1..self.len();
        later.filter(move |&at| !self.happened_before(first, at)).map(|at| self.get(at))
    }

    /// Whether the next step of a task, after all steps so far, can be made.
    pub fn is_ready(&self, next: Move) -> bool {
        !next.step.waits() || self.is_ready_without(next, None)
    }

    /// The same, if step `without` had not been made, nor any that happened after it.
    fn is_ready_without(&self, next: Move, without: Option<usize>) -> bool {
        let is_there = |at: usize| without.is_none_or(|without| !self.happened_before(without, at));
        match next.step.act {
            Act::Take { initially, .. } => {
                let mut units = initially;
                for at in self.since()..self.len() {
                    let step = &self.events[at].step;
                    if step.object == next.step.object && is_there(at) {
                        units = step.units_after(units).expect("what was made could be made");
                    }
                }
                next.step.units_after(units).is_some()
            }
            Act::Await { also } => {
                let second = also.map(|(object, size)| Step { object, size, act: Act::Load });
                let first = Step { act: Act::Load, ..next.step };
                [Some(first), second]
                    .into_iter()
                    .flatten()
                    .any(|what| self.has_changed(next.task, &what, &is_there))
            }
            _ => true,
        }
    }

    /// Whether a task has stored to what `task` has loaded, since it did so last.
    fn has_changed(&self, task: u8, what: &Step, is_there: &impl Fn(usize) -> bool) -> bool {
        for (at, event) in self.events.iter().enumerate().rev() {
            let Move { of, step, .. } = *event;
            let is_access = matches!(step.act, Act::Load | Act::Store | Act::Update) && step.overlaps(what);
            if is_access && of == task && event.task == task {
                return false;
            }
            if is_access && of != task && step.act != Act::Load && is_there(at) {
                return true;
            }
        }
        false
    }

    fn clock_of(&self, at: usize) -> &[u32] {
        &self.clocks[at * self.tasks..][..self.tasks]
    }

    /// Finds out what happened before `made`, into `clock`, and with what it races.
    fn find_races(&mut self, made: Move) {
        let since = self.since();
        self.clock.fill(0);
        for event in &self.events[..since] {
            self.clock[usize::from(event.task)] = event.number;
        }
        let own = self.last[usize::from(made.task)];
        let after = made.after.and_then(|(task, number)| {
            self.events.iter().rposition(|event| (event.task, event.number) == (task, number))
        });
        for before in [own, after].into_iter().flatten().filter(|&before| before >= since) {
            join(&mut self.clock, &self.clocks[before * self.tasks..][..self.tasks]);
        }
        self.covered.copy_from_slice(&self.clock);
        for first in (since..self.len()).rev() {
            let before = self.events[first];
            if before.number <= self.covered[usize::from(before.task)] || !before.conflicts(&made) {
                continue;
            }
            let clock = &self.clocks[first * self.tasks..][..self.tasks];
            join(&mut self.clock, clock);
            if !made.step.waits() || self.is_ready_without(made, Some(first)) {
                join(&mut self.covered, clock);
                self.races.push(Race { first, second: made });
            }
        }
    }
}

fn join(into: &mut [u32], other: &[u32]) {
    for (into, &other) in into.iter_mut().zip(other) {
        *into = (*into).max(other);
    }
}
