//! Steps that are made as they were in the execution before.

use std::boxed::Box;

use super::region::outside;
use super::world::World;
use crate::explore::{Divergence, Next, Step, Trouble};

impl World {
    /// Whether task `who` comes to its first step when that is made, and not before the first of all: what it
    /// does before that no other notices, and it need not be switched to twice. It makes one of the steps that
    /// are repeated, and no part that goes with it can make one before it begins.
    pub(super) fn begins_later(&self, who: u8) -> bool {
        let trace = self.driver.trace();
        self.repeated == Some(0)
            && trace.since() == 0
            && trace.next_number(who) > 1
            && !self.buffered
            && !self.failing
    }

    /// Whether the running task is about to make a step that is repeated, and its turn goes on: then the step
    /// is made.
    #[inline(always)]
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
    #[inline(always)]
    pub(super) fn decide(&mut self, last: Option<u8>) -> Next {
        let decided = match self.repeated {
            Some(at) => self.decide_again(at),
            None => outside(|| self.driver.next(&self.wants, last)),
        };
        decided.unwrap_or_else(|divergence| {
            self.trouble.get_or_insert(Trouble::Diverged(*divergence));
            Next::Over
        })
    }

    /// Which part made step number `at`, if it can make it again.
    #[inline]
    fn decide_again(&mut self, at: usize) -> Result<Next, Box<Divergence>> {
        let expected = self.driver.trace().get(at);
        let task = expected.task;
        if self.wanted(task) != Some(expected.step) {
            return if self.is_to_begin(task) { Ok(Next::Run(task)) } else { self.part_ways(at) };
        }
        self.repeat(at);
        Ok(Next::Run(task))
    }

    /// Whether it is a task that has not begun: it comes to its first step and makes it.
    fn is_to_begin(&self, part: u8) -> bool {
        self.tasks
            .get(usize::from(part))
            .is_some_and(|task| task.coroutine.is_some() && task.yielder.is_none())
    }

    /// No part makes step number `at` again.
    #[cold]
    fn part_ways(&self, at: usize) -> Result<Next, Box<Divergence>> {
        let expected = *self.driver.trace().get(at);
        let parts = self.wants.len() as u8;
        match (0..parts).all(|part| self.wanted(part).is_none()) {
            true => Ok(Next::Over),
            false => Err(Box::new(Divergence { at, expected, seen: self.wanted(expected.task) })),
        }
    }

    /// The step that a part would like to make.
    #[inline]
    fn wanted(&self, part: u8) -> Option<Step> {
        match usize::from(part) < self.tasks.len() {
            true => self.pending(part),
            false => self.wanted_beside(part),
        }
    }

    /// The same of a part that is no task.
    fn wanted_beside(&self, part: u8) -> Option<Step> {
        let (group, who) = (usize::from(part) / self.tasks.len(), usize::from(part) % self.tasks.len());
        let want = if group == 1 { self.leaving(who) } else { self.failure(who) };
        want.map(|want| want.step)
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
