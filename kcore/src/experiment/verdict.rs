//! What a run's numbers say.

use alloc::format;
use alloc::string::String;

use crate::machine::Kind;
use crate::report::Run;
use crate::settings::Expect;

impl Expect {
    /// Whether it is the watchdog's word for what stopped the tasks, and not the run's own.
    pub fn is_stop(self) -> bool {
        !matches!(self, Expect::Raced | Expect::Clean | Expect::NotTried | Expect::Any)
    }
}

impl Run {
    /// The watchdog's word, if it had to step in: `deadlock`, `livelock`, `stuck`, `invalid-context`, `oops`. Else `raced` when an
    /// update was lost, a block leaked, freed twice, used when it must not be or where it is not, bytes were mixed, or two
    /// tasks were in the critical section at once; else `not-tried` when some of the work could not be done, so that it is not known
    /// what would have come of it; else `clean`.
    pub fn judge(&self) -> &'static str {
        let stop = |expect: &&Expect| expect.is_stop() && expect.word() == self.stopped;
        if let Some(stopped) = Expect::ALL.iter().find(stop) {
            return stopped.word();
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
        let verdict = match damage.iter().any(|count| *count != 0) {
            true => Expect::Raced,
            false if self.out_of_memory > 0 => Expect::NotTried,
            false => Expect::Clean,
        };
        verdict.word()
    }

    /// The identities of the ledger, `allocated - freed = live` and `live - reachable = leaked`, for each kind. The error
    /// names the first that does not hold: then the accounting is wrong and no verdict is worth anything.
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

/// Whether `verdict` is what was expected. Where all is left to chance, work is expected to be done all the same.
pub fn is_expected(expected: Expect, verdict: &str) -> bool {
    match expected {
        Expect::Any => verdict != Expect::NotTried.word(),
        _ => verdict == expected.word(),
    }
}
