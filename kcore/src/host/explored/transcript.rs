//! The steps of an execution, with their names and source lines.

use core::panic::Location;
use std::vec::Vec;

use crate::event::{LockId, Op, Outcome, Site};
use crate::explore::Step;
use crate::machine::TaskId;

/// A step as people read it.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The task that makes it, from 0.
    pub who: u8,
    /// What it is.
    pub step: Step,
    /// At which source line.
    pub at: &'static Location<'static>,
    /// What it is about.
    pub of: Of,
    /// What it came to, where that is known.
    pub outcome: Option<Outcome>,
}

/// What a step is about.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// An access to what is called so.
    Access(&'static Site, Op),
    /// The units of a lock.
    Lock(LockId),
    /// A block that is freed.
    Block,
    /// The wake-up of a task.
    WakeUp(TaskId),
    /// The end of a task.
    End,
    /// What the task has looked at in vain.
    Looks,
    /// Not known yet.
    Nothing,
}

/// The steps so far.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// In the order in which they were made.
    pub lines: Vec<Line>,
}

impl Transcript {
    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }

    pub(super) fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// The last step of task `who` came to this.
    pub(super) fn note(&mut self, who: u8, outcome: Outcome) {
        if let Some(line) = self.lines.last_mut().filter(|line| line.who == who) {
            line.outcome = Some(outcome);
        }
    }
}
