//! What a run's numbers say.

use alloc::format;
use alloc::string::String;

use crate::machine::Kind;
use crate::report::Run;
use crate::settings::Expect;

pub use crate::settings::Verdict;

impl Verdict {
    /// Whether it is the watchdog's word for what stopped the tasks, and not the run's own.
    pub fn is_stop(self) -> bool {
        !matches!(self, Verdict::Raced | Verdict::Clean | Verdict::NotTried)
    }
}

impl Expect {
    /// Whether the watchdog is expected to stop the tasks.
    pub fn is_stop(self) -> bool {
        matches!(self, Expect::Only(verdict) if verdict.is_stop())
    }

    /// Whether `verdict` is what was expected. Where all is left to chance, work is expected to be done all
    /// the same.
    pub fn allows(self, verdict: Verdict) -> bool {
        match self {
            Expect::Only(expected) => verdict == expected,
            Expect::Any => verdict != Verdict::NotTried,
        }
    }
}

impl Run {
    /// The watchdog's word, if it had to step in. Else `raced` when an update was lost, a block leaked, freed
    /// twice, used when it must not be or where it is not, bytes were mixed, or two tasks were in the
    /// critical section at once; else `not-tried` when some of the work could not be done, so that it is not
    /// known what would have come of it; else `clean`.
    pub fn judge(&self) -> Verdict {
        if let Some(stopped) = self.stopped {
            return stopped;
        }
        let damage = [
            self.leaked.node,
            self.leaked.array,
            self.leaked.quantum,
            self.lost_updates,
            self.torn,
            self.use_after_free,
            self.double_free,
            self.out_of_bounds,
            self.owners.saturating_sub(1),
        ];
        match damage.iter().any(|count| *count != 0) {
            true => Verdict::Raced,
            false if self.out_of_memory > 0 => Verdict::NotTried,
            false => Verdict::Clean,
        }
    }

    /// The identities of the ledger, `allocated - freed = live` and `live - reachable = leaked`, for each
    /// kind. The error names the first that does not hold: then the accounting is wrong and no verdict is
    /// worth anything.
    pub fn check_identities(&self) -> Result<(), String> {
        for kind in Kind::SCULL {
            let [allocated, freed, live, reachable, leaked] =
                [self.allocated, self.freed, self.live, self.reachable, self.leaked]
                    .map(|counts| counts[kind]);
            if allocated.checked_sub(freed) != Some(live) {
                return Err(format!("{kind}: allocated {allocated} - freed {freed} is not live {live}"));
            }
            if live.checked_sub(reachable) != Some(leaked) {
                return Err(format!("{kind}: live {live} - reachable {reachable} is not leaked {leaked}"));
            }
        }
        Ok(())
    }
}
