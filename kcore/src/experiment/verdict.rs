//! What a run's numbers say.

use alloc::format;
use alloc::string::String;

use crate::machine::Kind;
use crate::report::Run;
use crate::settings::Expect;

impl Run {
    /// The watchdog's word, if it had to step in: `deadlock`, `livelock`, `stuck`, `invalid-context`, `oops`. Else `raced` when an
    /// update was lost, a block leaked, freed twice, used when it must not be or where it is not, bytes were mixed, or two
    /// tasks were in the critical section at once; else `clean`.
    pub fn judge(&self) -> &'static str {
        if let Some(stopped) = Expect::ALL.iter().find(|expect| expect.word() == self.stopped) {
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
        match damage.iter().any(|count| *count != 0) {
            true => "raced",
            false => "clean",
        }
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

/// Whether `verdict` is what was expected.
pub fn is_expected(expected: Expect, verdict: &str) -> bool {
    match expected {
        Expect::Any => true,
        _ => verdict == expected.word(),
    }
}
