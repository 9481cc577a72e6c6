//! Why tasks wait for ever, in some sentences.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::event::{Outcome, Waiting};
use crate::explore::{Act, Line, Of};
use crate::probe::Name;

use super::names::{is_store, place};
use super::story::{CHANGES, END, Mark, Story, Teller};
use crate::sort;

impl Teller<'_> {
    /// A task sleeps for ever, and what it has looked at before has changed since.
    pub(super) fn slept_past(&self, waiting: &[Line]) -> Option<Story> {
        let asleep = waiting.iter().filter(|line| matches!(line.of, Of::WakeUp(_)));
        let mut looks =
            asleep.flat_map(|line| self.last_looks(line.who).into_iter().map(move |look| (look, line)));
        let (looked, stored, sleep) = looks.find_map(|(looked, sleep)| {
            let changes = |step: &usize| {
                let line = &self.lines[*step];
                line.who != self.lines[looked].who
                    && is_store(line)
                    && line.step.overlaps(&self.lines[looked].step)
            };
            Some((looked, (looked + 1..self.lines.len()).find(changes)?, sleep))
        })?;
        let (task, other) = (self.who(looked), self.who(stored));
        let mut told = vec![(looked, self.sees(looked)), (stored, self.stores(stored, false))];
        let mut story = Story {
            notes: vec![
                self.looks(looked, stored),
                self.note(stored, Mark::Lost, format!("{task} does not look again")),
            ],
            spoils: vec![([looked, stored], CHANGES)],
            switch: self.switch_after(looked, format!("{task} has looked, and does not sleep yet")),
            ..Story::default()
        };
        if let Some((missed, late)) = self.crossed(self.lines[stored].who, self.lines[looked].who) {
            told.push((missed, format!("{} So it wakes no task.", self.sees(missed))));
            told.push((late, self.stores(late, false)));
            story.notes.push(self.looks(missed, late));
            story.notes.push(self.note(late, Mark::Lost, format!("{other} does not look again")));
            story.spoils.push(([missed, late], CHANGES));
        }
        let is_change = |step: &usize| is_store(&self.lines[*step]) && self.meets(*step, looked);
        let now = (stored..self.lines.len()).rfind(is_change).unwrap_or(stored);
        let ends = format!(
            "{task} does not look at {} again, which is {} by now, and sleeps ({}). No task is left that wakes it.",
            self.names.word(&self.lines[looked]),
            self.value(now).unwrap_or_else(|| "another".to_string()),
            place(sleep.at)
        );
        told.push((END, ends));
        Some(Story { told, ..story })
    }

    /// The last look of `who`, which wakes no task, at what `other` stores only later, and that store.
    fn crossed(&self, who: u8, other: u8) -> Option<(usize, usize)> {
        let wakes = |line: &Line| line.who == who && matches!(line.of, Of::WakeUp(_));
        let missed = self.last_looks(who).into_iter().filter(|_| !self.lines.iter().any(wakes));
        let mut found = missed.filter_map(|missed| {
            let stores = |step: &usize| {
                let line = &self.lines[*step];
                line.who == other && is_store(line) && line.step.overlaps(&self.lines[missed].step)
            };
            Some((missed, (missed + 1..self.lines.len()).find(stores)?))
        });
        found.next()
    }

    /// The last look of a task at each word.
    fn last_looks(&self, who: u8) -> Vec<usize> {
        let is_look = |step: &usize| self.lines[*step].who == who && self.lines[*step].step.act == Act::Load;
        let looks: Vec<_> = (0..self.lines.len()).filter(is_look).collect();
        looks
            .iter()
            .copied()
            .filter(|look| !looks.iter().any(|later| later > look && self.meets(*later, *look)))
            .collect()
    }

    /// Tasks wait for what others have, or never do.
    pub(super) fn stopped(&self, waiting: &[Line]) -> Option<Story> {
        waiting.first()?;
        let holders: Vec<_> = waiting.iter().map(|wish| self.holder(wish)).collect();
        let mut takes: Vec<_> = holders.iter().copied().flatten().collect();
        sort::any(&mut takes, |a, b| a < b);
        takes.dedup();
        let took = takes.iter().filter_map(|step| {
            let name = lock(&self.lines[*step])?;
            Some((*step, format!("{} takes {name} ({}).", self.who(*step), self.at(*step))))
        });
        let wants = waiting.iter().zip(&holders).map(|(wish, holder)| self.wants(wish, *holder, waiting));
        let is_circle = match (waiting, &holders[..]) {
            ([one, other], [Some(first), Some(second)]) => {
                self.lines[*first].who == other.who && self.lines[*second].who == one.who
            }
            _ => false,
        };
        let is_below = waiting.iter().any(|wish| matches!(wish.of, Of::Cpu));
        let ends = is_circle.then(|| match waiting[0].step.object == waiting[1].step.object || is_below {
            true => "Each waits for the other.".to_string(),
            false => "They take the same two locks in opposite order: each waits for the other.".to_string(),
        });
        let told = took.chain(wants.chain(ends).map(|told| (END, told))).collect();
        let switch = self.lines.len().checked_sub(1).and_then(|last| self.switch_before(last, String::new()));
        let switch = switch.map(|(at, _)| {
            let is_take = |line: &&Line| line.who == self.lines[at - 1].who && lock(line).is_some();
            let has = self.lines[..at].iter().rfind(is_take).and_then(lock);
            let has = has.map_or_else(|| "waits".to_string(), |name| format!("has {name}"));
            let goes = if matches!(self.lines[at].of, Of::Comes) { "comes" } else { "goes on" };
            (at, format!("{} {has}, and {} {goes}", self.who(at - 1), self.who(at)))
        });
        Some(Story { told, switch, ..Story::default() })
    }

    /// By which step a task has taken what `wish` waits for, and has not given it since.
    fn holder(&self, wish: &Line) -> Option<usize> {
        let is_held = |at: &usize| {
            let take = &self.lines[*at];
            if let Of::Cpu = wish.of {
                return matches!(take.of, Of::Comes);
            }
            let gives = |line: &Line| {
                (line.who, line.step.object) == (take.who, take.step.object)
                    && matches!(line.step.act, Act::Give { .. })
            };
            take.step.object == wish.step.object
                && lock(take).is_some()
                && !self.lines[at + 1..].iter().any(gives)
        };
        (0..self.lines.len()).rfind(is_held)
    }

    /// What a task waits for, and why it waits in vain.
    fn wants(&self, wish: &Line, holder: Option<usize>, waiting: &[Line]) -> String {
        let (task, at) = (Name(wish.who), place(wish.at));
        match (wish.of, holder) {
            (Of::Lock(lock), Some(step)) => {
                let (name, has) = (lock.name.name, self.who(step));
                let is_own = self.lines[step].who == wish.who;
                let has_ended = !waiting.iter().any(|line| line.who == self.lines[step].who);
                match (is_own, has_ended) {
                    (true, _) => format!("{task} wants {name} again ({at}), which it has itself."),
                    (_, true) => format!("{task} wants {name} ({at}). {has} has ended, and never gave it."),
                    _ => format!("{task} wants {name} ({at}), which {has} has."),
                }
            }
            (Of::Lock(lock), None) => {
                format!("{task} wants {} ({at}), and no task is left that gives it.", lock.name.name)
            }
            (Of::Cpu, Some(step)) => {
                format!("{task} goes on only when {}, its interrupt, is done ({at}).", self.who(step))
            }
            (Of::Cpu, None) => format!("{task} waits for the CPU ({at})."),
            (Of::WakeUp(_), _) => format!("{task} sleeps ({at}), and no task is left that wakes it."),
            (Of::Looks, _) => format!("{task} spins ({at}), and what it looks at never changes."),
            _ => format!("{task} waits ({at}) for ever."),
        }
    }
}

/// The lock that a step takes.
fn lock(line: &Line) -> Option<&'static str> {
    match (line.of, line.step.act) {
        (Of::Lock(lock), Act::Take { .. } | Act::TryTake { .. })
            if lock.name.waiting != Waiting::Event && line.outcome != Some(Outcome::Failed) =>
        {
            Some(lock.name.name)
        }
        _ => None,
    }
}
