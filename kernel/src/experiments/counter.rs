//! R14: `i = i + 1`.

use super::counting::Count;
use super::trial::{Refusal, Trial};

/// One round: every task adds 1 to the counter, `quanta` times.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let count = Count::new(resolved.lock);
    trial.race(&|_| (0..resolved.quanta).for_each(|_| count.increment()))?;
    count.close(u64::from(resolved.writers) * u64::from(resolved.quanta), trial);
    Ok(())
}
