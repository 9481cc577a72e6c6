//! How executions end, and what all of them come to.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::driver::Trouble;
use super::schedule::Schedule;
use super::trace::Trace;
use crate::experiment::Refusal;
use crate::report::{Outcome, Run};
use crate::settings::Verdict;

/// How an execution ended: what of it does not depend on the order of steps that do not conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct End {
    /// The verdict.
    pub verdict: Verdict,
    /// Blocks that were leaked.
    pub leaked: u64,
    /// Updates that were lost.
    pub lost_updates: u64,
    /// Reads that mixed what two tasks wrote.
    pub torn: u64,
    /// Uses of memory that was freed, or is none.
    pub use_after_free: u64,
    /// Blocks that were freed twice.
    pub double_free: u64,
    /// Uses past the end of a block.
    pub out_of_bounds: u64,
    /// The most that were in the critical section at once.
    pub owners: u64,
}

impl End {
    /// What went wrong, however often.
    pub fn kind(&self) -> Damage {
        let counts = [
            self.leaked,
            self.lost_updates,
            self.torn,
            self.use_after_free,
            self.double_free,
            self.out_of_bounds,
        ];
        let [leaked, lost, torn, used, freed, beyond] = counts.map(|count| count > 0);
        Damage { verdict: self.verdict, kinds: [leaked, lost, used, freed, beyond, self.owners > 1, torn] }
    }

    /// Of an execution in which only these were counted.
    pub fn of_counts(verdict: Verdict, lost_updates: u64, owners: u64) -> Self {
        let [leaked, torn, use_after_free, double_free, out_of_bounds] = [0; 5];
        End { verdict, leaked, lost_updates, torn, use_after_free, double_free, out_of_bounds, owners }
    }

    /// For programs, of so many `executions`.
    pub fn outcome(&self, executions: u64) -> Outcome {
        Outcome {
            verdict: self.verdict,
            leaked: self.leaked,
            lost_updates: self.lost_updates,
            torn: self.torn,
            use_after_free: self.use_after_free,
            double_free: self.double_free,
            out_of_bounds: self.out_of_bounds,
            owners: self.owners,
            stopped: Some(self.verdict).filter(|verdict| verdict.is_stop()),
            executions,
        }
    }

    /// Of a run that was judged.
    pub fn of(run: &Run) -> Self {
        End {
            verdict: run.verdict,
            leaked: run.leaked.node + run.leaked.array + run.leaked.quantum,
            lost_updates: run.lost_updates,
            torn: run.torn,
            use_after_free: run.use_after_free,
            double_free: run.double_free,
            out_of_bounds: run.out_of_bounds,
            owners: run.owners,
        }
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Damage {
    verdict: Verdict,
    /// Whether there is any of each kind, that which explains others first.
    kinds: [bool; 7],
}

impl Damage {
    /// What it is called.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The simpler it is, the smaller.
    pub fn rank(&self) -> (usize, usize) {
        let count = self.kinds.iter().filter(|is_there| **is_there).count();
        (count, self.kinds.iter().position(|is_there| *is_there).unwrap_or(0))
    }
}

/// How many executions have ended how.
pub type Ends = BTreeMap<End, u64>;

/// What is known of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Executions that were made.
    pub executions: u64,
    /// Whether there is none that was not made.
    pub complete: bool,
    /// Steps of the longest.
    pub deepest: usize,
    /// How they ended.
    #[serde(with = "pairs")]
    pub ends: Ends,
    /// How many were not clean.
    pub bad_executions: u64,
    /// Of each kind of these, the one with the fewest switches.
    #[serde(with = "pairs")]
    pub bad: BTreeMap<Damage, Schedule>,
    /// Why the search was broken off.
    #[serde(skip)]
    pub trouble: Option<Trouble>,
}

impl Survey {
    /// One more execution, which has ended like that and of which these are the steps; `failing`: allocations
    /// fail. `shown` gives a schedule of it, unless it does not come before the one that is known.
    ///
    /// # Errors
    /// It could not be made.
    pub fn count(
        &mut self,
        end: Result<End, Refusal>,
        trace: &Trace,
        failing: bool,
        shown: fn(&Trace, Option<&Schedule>) -> Option<Schedule>,
    ) -> Result<(), Trouble> {
        let end = end.map_err(Trouble::Refused)?;
        self.executions += 1;
        self.deepest = self.deepest.max(trace.len());
        *self.ends.entry(end).or_default() += 1;
        // Where memory runs out on purpose, that not all could be done is no harm.
        let is_harmless = end.verdict == Verdict::Clean || failing && end.verdict == Verdict::NotTried;
        if !is_harmless {
            self.bad_executions += 1;
            let known = self.bad.get(&end.kind());
            if let Some(simpler) = shown(trace, known) {
                self.bad.insert(end.kind(), simpler);
            }
        }
        Ok(())
    }

    /// What is known from other executions is known.
    pub fn add(&mut self, other: Survey) {
        self.executions += other.executions;
        self.deepest = self.deepest.max(other.deepest);
        self.bad_executions += other.bad_executions;
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        for (kind, schedule) in other.bad {
            let best = self.bad.entry(kind).or_insert_with(|| schedule.clone());
            if schedule.rank() < best.rank() {
                *best = schedule;
            }
        }
        self.trouble = self.trouble.take().or(other.trouble);
    }
}

/// Maps as lists of pairs, since their keys are no words.
mod pairs {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<K, V>, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}
