//! What is wrong with an execution, as a watchdog sees it.

use std::string::{String, ToString};

use super::world::World;
use crate::event::{LockStep, What};
use crate::explore::{Act, Of, Step};
use crate::machine::TaskId;
use crate::place::Place;
use crate::probe::Name;
use crate::wait_for::Apart;

impl World {
    /// The running task tells of a lock, or that it may sleep.
    pub(super) fn hear(&mut self, what: What, at: Place) {
        let Some(who) = self.turn else { return };
        let task = &self.tasks[usize::from(who)];
        let is_quiet = match &what {
            What::Lock(step, lock) => {
                task.held.step(*step, lock, at);
                // Nothing is ever wrong when the lock was not waited for.
                *step != LockStep::Wait
            }
            _ if task.held.observed().next().is_none() => return,
            _ => false,
        };
        self.untold.push(task.event(what, at));
        if !is_quiet {
            self.tell(who);
        }
    }

    /// Tells of what is untold, of which the last is of participant `who`.
    fn tell(&mut self, who: u8) {
        let standing = self.tasks[usize::from(who)].standing();
        for event in self.untold.drain(..) {
            if self.session.on(&event, &standing, &Apart).stops && self.found.is_none() {
                self.found = self.session.found().map(|finding| finding.verdict());
            }
        }
    }

    /// No task goes on, though not all have ended: says why.
    pub(super) fn find_why(&mut self) {
        self.tell(0);
        for who in 0..self.tasks.len() as u8 {
            let task = &self.tasks[usize::from(who)];
            if let (Some(_), Of::Lock(lock), Some(Step { act: Act::Take { .. }, .. })) =
                (&task.coroutine, task.of, self.pending(who))
            {
                self.untold.push(task.event(What::Lock(LockStep::Wait, lock), task.at));
                self.tell(who);
            }
        }
        if self.found.is_none() {
            let spins = |who| matches!(self.pending(who), Some(Step { act: Act::Await { .. }, .. }));
            let any_spins = (0..self.tasks.len() as u8).any(spins);
            self.found = Some(self.session.standstill(any_spins));
        }
    }

    /// What is wrong, in words.
    pub(super) fn finding(&self) -> Option<String> {
        let name = |task: TaskId| {
            let who = self.tasks.iter().position(|other| other.id == task);
            who.map_or_else(|| String::from("a task"), |who| Name(who as u8).to_string())
        };
        self.session.found().map(|finding| finding.display(name).to_string())
    }
}
