//! Executions of an experiment with few preemptions first, and what they came to.

use super::survey::Subject;
use crate::explore::{Bounded, Driver, Schedule, Survey};

/// What is known of executions with few preemptions.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// What they came to, no two of them equivalent.
    pub survey: Survey,
    /// Executions that were begun in vain: what they came to was known.
    pub in_vain: u64,
    /// Preemptions of those that were made last.
    pub last: u32,
    /// All with no more preemptions than this were made; [`None`] when not even all with none were.
    pub preemptions: Option<u32>,
}

impl Subject<'_> {
    /// Makes executions without preemptions, then those with one, and so on, until all with `most` were made,
    /// or all with as many as it takes to go wrong, or there are no others, or `watch` says that it is
    /// enough: it is told after each what is known. [`None`] when the host has no room.
    pub fn walk(&self, most: u32, mut watch: impl FnMut(&Walk) -> bool) -> Option<Walk> {
        let mut world = self.world(|parts, tasks| Driver::Bounded(Bounded::new(parts, tasks)))?;
        let mut found = Walk::default();
        loop {
            let end = world.execute(|| self.execution());
            let counted = match world.trouble.take() {
                None if world.walk().end() => {
                    found.survey.count(end, world.driver.trace(), self.failing, Schedule::made)
                }
                None => {
                    found.in_vain += 1;
                    Ok(())
                }
                Some(trouble) => Err(trouble),
            };
            found.survey.trouble = counted.err();
            let walk = world.walk();
            found.last = walk.preemptions();
            let mut is_over = found.survey.trouble.is_some();
            if !is_over && !walk.go_back() {
                found.preemptions = Some(found.last);
                found.survey.complete = !walk.has_more();
                is_over = found.survey.bad_executions > 0 || found.last == most || !walk.deepen();
            }
            if is_over || !watch(&found) {
                return Some(found);
            }
        }
    }
}
