//! Steps that are made as they were in the execution before.

use super::world::World;
use crate::explore::Trouble;
use crate::explore::{Divergence, Next, Step};

impl World {
    /// Whether the running task is about to make a step that is repeated, and its turn goes on: then the step
    /// is made.
    #[inline]
    pub(super) fn goes_on(&mut self, step: &Step) -> bool {
        let (Some(at), Some(who), true) = (self.repeated, self.turn, self.is_set_up) else { return false };
        if !self.driver.trace().is_step(at, who, step) {
            return false;
        }
        let task = &mut self.tasks[usize::from(who)];
        task.vain_turns = 0;
        task.made += 1;
        self.repeat(at);
        true
    }

    /// Which part makes its step; `last`: the task that goes on if it may.
    pub(super) fn decide(&mut self, last: Option<u8>) -> Next {
        let decided = match self.repeated {
            Some(at) => self.decide_again(at),
            None => self.driver.next(&self.wants, last),
        };
        decided.unwrap_or_else(|divergence| {
            self.trouble.get_or_insert(Trouble::Diverged(divergence));
            Next::Over
        })
    }

    /// Which part made step number `at`, if it can make it again.
    fn decide_again(&mut self, at: usize) -> Result<Next, Divergence> {
        let expected = self.driver.trace().get(at);
        let task = expected.task;
        let seen = self.wanted(task);
        if seen.as_ref() == Some(&expected.step) {
            self.repeat(at);
            return Ok(Next::Run(task));
        }
        let parts = self.wants.len() as u8;
        match seen.is_none() && (0..parts).all(|part| self.wanted(part).is_none()) {
            true => Ok(Next::Over),
            false => Err(Divergence { at, expected: *expected, seen }),
        }
    }

    /// The step that a part would like to make.
    fn wanted(&self, part: u8) -> Option<Step> {
        let (group, who) = (usize::from(part) / self.tasks.len(), usize::from(part) % self.tasks.len());
        match group {
            0 => self.tasks[who].pending,
            1 => self.leaving(who).map(|want| want.step),
            _ => self.failure(who).map(|want| want.step),
        }
    }

    /// Step number `at` is made as it was.
    #[inline]
    fn repeat(&mut self, at: usize) {
        let next = at + 1;
        match next < self.driver.trace().len() {
            true => self.repeated = Some(next),
            false => self.stop_repeating(),
        }
    }

    #[cold]
    fn stop_repeating(&mut self) {
        self.repeated = None;
        self.driver.repeated();
        for who in 0..self.tasks.len() as u8 {
            self.refresh(who);
        }
    }
}
