//! One execution, told beforehand.

use alloc::vec::Vec;

use super::bounded::is_preemption;
use super::search::{Next, Want};
use super::trace::Trace;
use crate::settings::Policy;

/// An execution whose tasks take turns as a schedule says, as far as it fits.
#[derive(Debug)]
pub struct Follow {
    trace: Trace,
    /// Which task makes each step.
    schedule: Vec<u8>,
    /// How it goes on from where it parts; [`None`]: as the schedule says, wherever that can still be.
    policy: Option<Policy>,
    parted: Option<usize>,
    preemptions: u32,
}

impl Follow {
    /// Of so many tasks: see [`Trace::new`].
    pub fn new(tasks: usize, kin: usize, schedule: Vec<u8>, policy: Option<Policy>) -> Self {
        Follow { trace: Trace::new(tasks, kin), schedule, policy, parted: None, preemptions: 0 }
    }

    /// Which task makes its next step: that of the schedule; where there is none, or it cannot, the one that
    /// the policy says. `last` made the last step.
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Next {
        let at = self.trace.len();
        let ready = |task: &u8| {
            let want = pending.get(usize::from(*task))?.as_ref()?;
            let is_ready = want.ready && self.trace.is_ready(*task, &want.step);
            is_ready.then(|| want.by(*task, &self.trace))
        };
        let is_bound = self.policy.is_none() || self.parted.is_none();
        let planned = self.schedule.get(at).filter(|_| is_bound);
        let chosen = planned.and_then(ready).or_else(|| self.others(last).find_map(|task| ready(&task)));
        let Some(chosen) = chosen else { return Next::Over };
        if planned != Some(&chosen.task) {
            self.parted.get_or_insert(at);
        }
        self.preemptions += u32::from(is_preemption(&self.trace, pending, last, chosen.task));
        self.trace.push(&chosen);
        Next::Run(chosen.task)
    }

    /// In which order the policy asks. What makes allocations fail comes after all others.
    fn others(&self, last: Option<u8>) -> impl Iterator<Item = u8> + use<> {
        let parts = self.trace.tasks() as u8;
        let preferred = match self.policy.unwrap_or(Policy::NonPreemptive) {
            Policy::NonPreemptive => last.map_or(0..0, |last| last..last + 1),
            Policy::FixedPriority => 0..0,
            Policy::RoundRobin => {
                let last = self.trace.len().checked_sub(1).map(|at| self.trace.get(at).task);
                last.map_or(0, |last| last + 1)..parts.min(2 * self.trace.kin() as u8)
            }
        };
        preferred.chain(0..parts)
    }

    /// All tasks have waited for each other.
    pub fn barrier(&mut self) {
        self.trace.barrier();
    }

    /// The steps that were made.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many switches have left a task that could have gone on.
    pub fn preemptions(&self) -> u32 {
        self.preemptions
    }

    /// After how many steps it was not as the schedule says, or went on behind its end; [`None`] when all
    /// was.
    pub fn parted(&self) -> Option<usize> {
        self.parted.or((self.trace.len() < self.schedule.len()).then_some(self.trace.len()))
    }
}
