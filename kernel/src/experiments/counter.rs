//! R14: `i = i + 1`.

use kcore::experiment::COUNTER;
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel};

use super::trial::{Refusal, Trial};

/// One round: every task adds 1 to the counter, `quanta` times.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let guard = Guard::new(resolved.lock, "counter.lock", "counter.lock");
    let counter = Shared::new(0_u64);
    trial.race(|_| {
        for _ in 0..resolved.quanta {
            let _held = guard.enter();
            let i = counter.load::<Kernel>(&COUNTER);
            counter.store::<Kernel>(&COUNTER, i + 1);
        }
    })?;
    trial.add_lock(guard.stats());
    trial.run.lost_updates += u64::from(resolved.writers) * u64::from(resolved.quanta) - counter.peek();
    Ok(())
}
