//! R10: two copies meet in one quantum.

use super::scull::{prepare_quanta, read_at, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: the quanta are all there; every task writes all of them.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, quanta, writers) =
        (trial.geometry, trial.resolved.quanta as usize, trial.resolved.writers);
    let mut bytes = stamps::buffer(geometry.quantum, stamps::of(0))?;
    let blank = stamps::buffer(geometry.quantum, stamps::of(0))?;
    trial.scull_round(
        &|device| prepare_quanta(device, quanta, &blank),
        &|device, who, told| {
            let Some(stamp) = told.stamp(geometry.quantum, who) else { return };
            for index in 0..quanta {
                told.result(write_at(device, index * geometry.quantum, &stamp), true);
            }
        },
        &mut |device, run| {
            for index in 0..quanta {
                let count = read_at(device, index * geometry.quantum, &mut bytes)?;
                run.torn += u64::from(stamps::author(&bytes[..count], writers).is_none());
            }
            Ok(())
        },
    )
}
