//! R1 on one CPU: what the interrupt ends is the task's time slice.

use super::scull_leak;
use super::trial::{Refusal, Trial};

/// One round of `scull-leak`. That its tasks share a CPU is in the catalogue, and the tick is what comes at a point unless
/// an exhibit chooses something else.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    scull_leak::round(trial)
}
