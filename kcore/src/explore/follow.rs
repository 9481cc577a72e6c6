//! One execution, told beforehand.

use alloc::vec::Vec;

use super::search::{Next, Want};
use super::trace::Trace;

/// An execution whose tasks take turns as a schedule says, as far as it fits.
#[derive(Debug)]
pub struct Follow {
    trace: Trace,
    /// Which task makes each step.
    schedule: Vec<u8>,
    parted: Option<usize>,
}

impl Follow {
    /// Of so many tasks: see [`Trace::new`].
    pub fn new(tasks: usize, kin: usize, schedule: Vec<u8>) -> Self {
        Follow { trace: Trace::new(tasks, kin), schedule, parted: None }
    }

    /// Which task makes its next step: that of the schedule; where there is none, or it cannot, the one that
    /// made the last, or else the first that can.
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Next {
        let at = self.trace.len();
        let ready = |task: &u8| {
            let want = pending.get(usize::from(*task))?.as_ref()?;
            let is_ready = want.ready && self.trace.is_ready(*task, &want.step);
            is_ready.then(|| want.by(*task, &self.trace))
        };
        let planned = self.schedule.get(at);
        let chosen = planned.and_then(ready);
        let chosen = chosen.or_else(|| {
            (0..pending.len() as u8)
                .filter(|task| last == Some(*task))
                .chain(0..pending.len() as u8)
                .find_map(|task| ready(&task))
        });
        let Some(chosen) = chosen else { return Next::Over };
        if planned.is_some_and(|planned| *planned != chosen.task) {
            self.parted.get_or_insert(at);
        }
        self.trace.push(&chosen);
        Next::Run(chosen.task)
    }

    /// All tasks have waited for each other.
    pub fn barrier(&mut self) {
        self.trace.barrier();
    }

    /// The steps that were made.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// After how many steps it was not as the schedule says; [`None`] when all was.
    pub fn parted(&self) -> Option<usize> {
        self.parted.or((self.trace.len() < self.schedule.len()).then_some(self.trace.len()))
    }
}
