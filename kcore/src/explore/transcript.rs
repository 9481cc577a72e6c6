//! The steps of an execution, with their names and source lines.

use alloc::string::String;
use alloc::vec::Vec;

use super::schedule::Schedule;
use super::step::{Act, Step};
use crate::event::{LockId, Op, Outcome, Site};
use crate::machine::{Kind, TaskId};
use crate::place::Place;
use crate::sync::is_silent;

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

    /// Whether only a machine that explores can keep a task from this step. To sleep and to spin are no such
    /// steps: who does waits by itself.
    fn is_silent(&self) -> bool {
        !self.is_told_everywhere() && !self.step.waits()
    }

    /// Whether no explorer hears of it whose machine was not made to explore.
    pub fn is_unheard(&self) -> bool {
        let is_end = matches!((self.of, self.step.act), (Of::End, Act::Give { .. }));
        !self.is_told_everywhere() && !is_end && !matches!(self.of, Of::WakeUp(_) | Of::Looks)
    }

    /// Whether a machine that does not explore tells of such a step, too, if it is asked to.
    fn is_told_everywhere(&self) -> bool {
        match self.of {
            Of::Access(site, _) => !is_silent(site.name),
            Of::Lock(lock) => !is_silent(lock.name.name),
            Of::Block(is_ours, _) => is_ours,
            Of::WakeUp(_) | Of::End | Of::Fence | Of::Looks | Of::Nothing => false,
            Of::Allocation | Of::Failure | Of::Signal(_) | Of::Deadline(_) => false,
            Of::Cpu | Of::Comes => false,
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
    }

    /// Who makes the steps that a kernel hears of, too. [`None`] when the order hangs on others: at silent
    /// locks and wait queues, and in atomic words. A kernel makes each of these as soon as the step before it
    /// is made.
    pub fn for_a_kernel(&self) -> Option<Schedule> {
        // When a store leaves its buffer, the CPU decides; and no probe makes allocations fail, or ends
        // waits.
        let is_beyond = |line: &Line| {
            line.buffered_since.is_some() || matches!(line.of, Of::Failure | Of::Signal(_) | Of::Deadline(_))
        };
        if self.lines.iter().any(is_beyond) {
            return None;
        }
        let is_told = |line: &&Line| line.is_told_everywhere();
        let early = self.lines.iter().enumerate().filter(|(_, line)| line.is_silent());
        for (at, silent) in early {
            let before = self.lines[..at].iter().rposition(|line| line.who == silent.who && is_told(&line));
            let since = before.map_or(0, |before| before + 1);
            let mut others = self.lines[since..at].iter().filter(|line| line.who != silent.who);
            if others.any(|line| line.step.conflicts(&silent.step)) {
                return None;
            }
        }
        Some(Schedule::of(self.lines.iter().filter(is_told).map(|line| line.who)))
    }

    /// Who makes which step where a task makes what a kernel does not hear of as soon as it can: with the
    /// step before it.
    pub fn hastened(&self) -> Schedule {
        let mut tasks: Vec<u8> = Vec::new();
        let silent_from = |at: usize, who: u8| {
            let own = self.lines[at..].iter().filter(move |line| line.who == who);
            own.take_while(|line| line.is_silent()).map(|line| line.who)
        };
        let most = self.lines.iter().map(|line| line.who).max().unwrap_or(0);
        (0..=most).for_each(|who| tasks.extend(silent_from(0, who)));
        for (at, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.is_silent()) {
            tasks.push(line.who);
            tasks.extend(silent_from(at + 1, line.who));
        }
        Schedule::of(tasks)
    }

    /// The last step of task `who` came to this.
    pub fn note(&mut self, who: u8, outcome: Outcome) {
        if let Some(line) = self.lines.last_mut().filter(|line| line.who == who) {
            line.outcome = Some(outcome);
        }
    }
}
