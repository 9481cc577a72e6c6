//! The steps of an execution, with their names and source lines.

use alloc::string::String;
use alloc::vec::Vec;

use super::schedule::Schedule;
use super::step::{Act, Step};
use crate::event::{LockId, Op, Outcome, Site};
use crate::machine::{Kind, TaskId};
use crate::module::Wrong;
use crate::place::Place;
use crate::sort;
use crate::sync::{INNER_WORD, is_silent};

/// A step as people read it.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The task that makes it, from 0.
    pub who: u8,
    /// It is a store of the task's that leaves its buffer, where it has waited since there were so many
    /// steps.
    pub buffered_since: Option<usize>,
    /// What it is.
    pub step: Step,
    /// At which source line.
    pub at: Place,
    /// What it is about.
    pub of: Of,
    /// What it came to, where that is known.
    pub outcome: Option<Outcome>,
    /// What was in the word just before it and just after it, if it is an access to a word.
    pub word: Option<[usize; 2]>,
}

impl Line {
    /// Step `step` of task `who`, of which no more is known yet.
    pub fn new(who: u8, step: Step, of: Of, at: Place) -> Self {
        Line { who, buffered_since: None, step, at, of, outcome: None, word: None }
    }

    /// Whether no explorer hears of it whose machine was not made to explore.
    pub fn is_unheard(&self) -> bool {
        let is_end = matches!((self.of, self.step.act), (Of::End, Act::Give { .. }));
        !self.is_told(false) && !is_end && !matches!(self.of, Of::WakeUp(_) | Of::Looks)
    }

    /// Whether a machine that does not explore tells of such a step, too, if it is asked to; `within`: the
    /// primitives are seen from within.
    fn is_told(&self, within: bool) -> bool {
        match self.of {
            Of::Access(site, _) => within || !is_silent(site.name),
            Of::Signal(_) => within,
            Of::Lock(lock) => !is_silent(lock.name.name),
            Of::Block(is_ours, _) => is_ours,
            Of::WakeUp(_) | Of::End | Of::Fence | Of::Looks | Of::Nothing => false,
            Of::Allocation | Of::Failure | Of::Deadline(_) => false,
            Of::Cpu | Of::Comes | Of::Does(_) => false,
        }
    }
}

/// What a step is about.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// An access to what is called so.
    Access(&'static Site, Op),
    /// The units of a lock.
    Lock(LockId),
    /// A block that is freed, whether it is of a kind that a device is made of, and its address.
    Block(bool, usize),
    /// The wake-up of a task.
    WakeUp(TaskId),
    /// The end of a task.
    End,
    /// A full fence.
    Fence,
    /// What the task has looked at in vain.
    Looks,
    /// An allocation, which may fail.
    Allocation,
    /// The next allocation of the task is to fail.
    Failure,
    /// A signal for a task: it comes, or the task looks for it.
    Signal(TaskId),
    /// The deadline of what a task waits for, likewise.
    Deadline(TaskId),
    /// The CPU, which only one has at a time.
    Cpu,
    /// An interrupt comes, on top of a task.
    Comes,
    /// What is called so, with something that is left for later.
    Does(&'static str),
    /// Not known yet.
    Nothing,
}

/// A block that a task has allocated.
#[derive(Clone, Copy, Debug)]
pub struct Allocated {
    /// The task, from 0.
    pub who: u8,
    /// After how many steps.
    pub after: usize,
    /// Where it begins.
    pub address: usize,
    /// Its bytes.
    pub size: usize,
    /// What it is used for.
    pub kind: Kind,
    /// By which source line.
    pub at: Place,
    /// In the end it was not freed, and nothing led to it.
    pub is_lost: bool,
}

/// The steps so far.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// In the order in which they were made.
    pub lines: Vec<Line>,
    /// What tasks that never ended wanted to do next.
    pub waiting: Vec<Line>,
    /// What tasks have allocated meanwhile.
    pub blocks: Vec<Allocated>,
    /// What the experiment says of it.
    pub notes: Vec<String>,
    /// What kind of wrong a driver did first.
    pub wrong: Option<Wrong>,
    /// What parts are that are no tasks, each in a sentence.
    pub others: Vec<String>,
    /// The part that is no task, but an interrupt.
    pub interrupt: Option<u8>,
}

impl Transcript {
    /// An execution begins.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.waiting.clear();
        self.blocks.clear();
        self.notes.clear();
        self.wrong = None;
        self.others.clear();
    }

    /// Whether the primitives are seen from within.
    fn is_from_within(&self) -> bool {
        self.lines
            .iter()
            .any(|line| matches!(line.of, Of::Access(site, _) if core::ptr::eq(site, &INNER_WORD)))
    }

    /// When a kernel makes each step, which hears of some of them and is told their order: one that is told
    /// in its place. A task makes what is silent, and keeps it from nothing, with the step before it; what
    /// comes before its first that is told, with that: before, it does not begin. To sleep and to spin is
    /// nothing that a task has to be kept from: it waits by itself.
    fn moments(&self) -> Vec<usize> {
        let within = self.is_from_within();
        let told: Vec<bool> = self.lines.iter().map(|line| line.is_told(within)).collect();
        let moment = |(at, line): (usize, &Line)| {
            let is_own = |other: &usize| told[*other] && self.lines[*other].who == line.who;
            match (0..at).rfind(is_own) {
                _ if told[at] => 3 * at + 1,
                Some(_) if line.step.waits() => 3 * at + 1,
                Some(before) => 3 * before + 2,
                None => (at..told.len()).find(is_own).map_or(usize::MAX, |first| 3 * first),
            }
        };
        self.lines.iter().enumerate().map(moment).collect()
    }

    /// Who makes the steps that a kernel hears of, too. [`None`] when the order hangs on others: at silent
    /// locks and wait queues, and in atomic words.
    pub fn for_a_kernel(&self) -> Option<Schedule> {
        // When a store leaves its buffer, the CPU decides; and no probe makes allocations fail, or lets
        // deadlines pass.
        let is_beyond =
            |line: &Line| line.buffered_since.is_some() || matches!(line.of, Of::Failure | Of::Deadline(_));
        if self.lines.iter().any(is_beyond) {
            return None;
        }
        let moments = self.moments();
        for (second, line) in self.lines.iter().enumerate() {
            let mut before = self.lines[..second].iter().zip(&moments);
            let changes_places = |(first, moment): (&Line, &usize)| {
                first.who != line.who && *moment >= moments[second] && first.step.conflicts(&line.step)
            };
            if before.any(changes_places) {
                return None;
            }
        }
        let within = self.is_from_within();
        Some(Schedule::of(self.lines.iter().filter(|line| line.is_told(within)).map(|line| line.who)))
    }

    /// Who makes which step in the order in which a kernel makes them.
    pub fn hastened(&self) -> Schedule {
        let mut order: Vec<_> = self.moments().into_iter().zip(&self.lines).collect();
        sort::few(&mut order, |a, b| a.0 < b.0);
        Schedule::of(order.into_iter().map(|(_, line)| line.who))
    }

    /// The last step of task `who` came to this.
    pub fn note(&mut self, who: u8, outcome: Outcome) {
        if let Some(line) = self.lines.last_mut().filter(|line| line.who == who) {
            line.outcome = Some(outcome);
        }
    }
}
