//! Which locks tasks have in an execution, and wait for, from a row of its picture to a row.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use crate::event::Waiting;
use crate::explore::{Act, Line, Object, Of, Step, Transcript};
use crate::sync::is_silent;

use super::scene::{Bar, Beside};

/// Where the steps of an execution are.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) transcript: &'a Transcript,
    /// The row of each step.
    pub(super) steps: &'a [usize],
    /// The row of what each task waits for in the end.
    pub(super) wishes: &'a [usize],
}

impl Places<'_> {
    /// The bars of all locks that several tasks use.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let mut locks = Vec::<Lock<'_>>::new();
        let lines = || self.transcript.lines.iter().chain(&self.transcript.waiting);
        for line in lines() {
            let Of::Lock(lock) = line.of else { continue };
            let object = line.step.object;
            let is_shared = lines().any(|other| other.step.object == object && other.who != line.who);
            let is_lock = !is_silent(lock.name.name) && lock.name.waiting != Waiting::Event;
            if is_shared && is_lock && locks.iter().all(|known| known.object != object) {
                locks.push(Lock::new(*self, object, lock.name.name, locks.len()));
            }
        }
        locks.iter().flat_map(|lock| lock.held().into_iter().chain(lock.awaited())).collect()
    }

    /// Behind the last row.
    fn end(&self) -> usize {
        self.steps.iter().chain(self.wishes).max().map_or(0, |last| last + 1)
    }
}

/// A lock of an execution.
struct Lock<'a> {
    places: Places<'a>,
    object: Object,
    name: &'static str,
    number: usize,
    /// Its units that are free before each step, and after the last.
    free: Vec<u64>,
}

impl<'a> Lock<'a> {
    fn new(places: Places<'a>, object: Object, name: &'static str, number: usize) -> Self {
        let Transcript { lines, waiting, .. } = places.transcript;
        let initially = |line: &Line| match line.step.act {
            Act::Take { initially, .. } | Act::TryTake { initially, .. } | Act::Withdraw { initially }
                if line.step.object == object =>
            {
                Some(initially)
            }
            _ => None,
        };
        let mut free = vec![lines.iter().chain(waiting).find_map(initially).unwrap_or(0)];
        for line in lines {
            let before = free[free.len() - 1];
            let after = if line.step.object == object { line.step.units_after(before) } else { Some(before) };
            free.push(after.unwrap_or(before));
        }
        Lock { places, object, name, number, free }
    }

    fn bar(&self, who: u8, kind: Beside, from: usize, to: usize) -> Bar {
        Bar { task: usize::from(who), from, to, kind, number: self.number, name: self.name.to_string() }
    }

    /// From the steps by which tasks take it to those by which they give it.
    fn held(&self) -> Vec<Bar> {
        let lines = &self.places.transcript.lines;
        let mut given = Vec::new();
        let takes = (0..lines.len())
            .filter(|at| lines[*at].step.object == self.object && self.free[at + 1] < self.free[*at]);
        let bars = takes.map(|at| {
            let who = lines[at].who;
            let gives = |later: &usize| {
                let Line { step: Step { object, act, .. }, .. } = lines[*later];
                lines[*later].who == who && object == self.object && matches!(act, Act::Give { .. })
            };
            let end = (at + 1..lines.len()).filter(gives).find(|later| !given.contains(later));
            given.extend(end);
            let to = end.map_or(self.places.end(), |end| self.places.steps[end]);
            self.bar(who, Beside::Has, self.places.steps[at], to)
        });
        bars.collect()
    }

    /// How long tasks wait for it: as long as it has not the units that they are about to take.
    fn awaited(&self) -> Vec<Bar> {
        let Places { transcript: Transcript { lines, waiting, .. }, wishes, .. } = self.places;
        let taken = lines.iter().enumerate().map(|(at, line)| (line, at, None));
        let wished = waiting.iter().zip(wishes).map(|(line, row)| (line, lines.len(), Some(*row)));
        let takes = taken.chain(wished).filter(|(line, ..)| {
            line.step.object == self.object && matches!(line.step.act, Act::Take { .. })
        });
        let bars = takes.filter_map(|(line, until, wish)| {
            let ready =
                lines[..until].iter().rposition(|other| other.who == line.who).map_or(0, |last| last + 1);
            let is_blocked = |at: &usize| line.step.units_after(self.free[*at]).is_none();
            let (first, last) = ((ready..=until).find(is_blocked)?, (ready..=until).rfind(is_blocked)?);
            let (from, to) = match wish.filter(|_| last == until) {
                Some(wish) => (wish, self.places.end()),
                None => (self.places.steps[first.checked_sub(1).unwrap_or(first)], self.places.steps[last]),
            };
            Some(self.bar(line.who, Beside::Waits, from, to))
        });
        bars.collect()
    }
}
