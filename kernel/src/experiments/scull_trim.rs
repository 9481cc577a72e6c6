//! R8, R9: a trim frees what others write to, or free as well.

use kcore::experiment::Role;
use kcore::scull::Mode;

use super::scull::{prepare_quanta, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: the quanta are all there; writers write all of them, trimmers open the device write-only.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, quanta) = (trial.geometry, trial.resolved.quanta as usize);
    let resolved = trial.resolved;
    let blank = stamps::buffer(geometry.quantum, stamps::of(0))?;
    trial.scull_round(
        &|device| prepare_quanta(device, quanta, &blank),
        &|device, who, told| match resolved.role(who) {
            Role::Trim => drop(device.open(Mode::Write)),
            Role::Write | Role::Read => {
                let Some(stamp) = told.stamp(geometry.quantum, who) else { return };
                for index in 0..quanta {
                    told.result(write_at(device, index * geometry.quantum, &stamp), true);
                }
            }
        },
        &mut |_, _| Ok(()),
    )
}
