//! R22: a lock of a load and a store.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::experiment::INSIDE;
use kcore::shared::probe;

use crate::machine::{Guard, Kernel};

use super::trial::{Refusal, Trial};

/// One round: every task passes through the critical section `quanta` times. Inside, the owners are counted by atomic
/// additions, which no broken lock can disturb.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let guard = Guard::new(resolved.lock, "broken.lock", "broken.lock");
    let inside = AtomicU64::new(0);
    let most = AtomicU64::new(0);
    trial.race(&|_| {
        for _ in 0..resolved.quanta {
            let _held = guard.enter();
            most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
            probe::<Kernel>(&INSIDE);
            inside.fetch_sub(1, Relaxed);
        }
    })?;
    trial.add_lock(guard.stats());
    trial.run.owners = trial.run.owners.max(most.load(Relaxed));
    Ok(())
}
