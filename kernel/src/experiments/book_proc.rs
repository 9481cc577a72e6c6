//! R13: the list is freed between the load of its head and the lock.

use alloc::string::String;

use kcore::experiment::Role;
use kcore::scull::Mode;

use super::scull::{prepare_quanta, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: readers read `/proc/scullmem`, trimmers empty the device; before the second time and all later ones trimmers
/// write something.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, times) = (trial.geometry, trial.resolved.quanta);
    let resolved = trial.resolved;
    let stamp = stamps::buffer(geometry.quantum, stamps::of(0))?;
    trial.family_round(
        &|device| prepare_quanta(device, 1, &stamp),
        &|device, who, told| {
            for time in 0..times {
                match resolved.role(who) {
                    Role::Trim => {
                        if time > 0 {
                            told.result(write_at(device, 0, &stamp), true);
                        }
                        drop(device.open(Mode::Write));
                    }
                    Role::Write | Role::Read => {
                        // What it says is of no interest, and where it meets damage the device counts it.
                        let _ = device.show_memory(&mut String::new());
                    }
                }
            }
        },
        &mut |_, _| Ok(()),
    )
}
