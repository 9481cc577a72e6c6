//! R1, R2, R3: the writers write to the same places, and find the same object missing.

use kcore::settings::Object;

use super::scull::{read_at, write_at};
use super::stamps::{self, Acknowledged};
use super::trial::{Refusal, Trial};

/// One round.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let object = trial.resolved.object.unwrap_or(Object::Quantum);
    let (geometry, quanta, writers) =
        (trial.geometry, trial.resolved.quanta as usize, trial.resolved.writers);
    // Arrays are told apart by the list item that they hang on, quanta by their slot.
    let stride = if object == Object::Array { geometry.item_size() } else { geometry.quantum };
    let items = (quanta * stride).div_ceil(geometry.item_size());
    let mut read = stamps::buffer(geometry.quantum, 0)?;
    let acknowledged = Acknowledged::of(quanta)?;
    trial.scull_round(
        &|device| match object {
            Object::Quantum => device.prepare_arrays(items),
            Object::Array => device.prepare_nodes(items),
            Object::Node | Object::All => Ok(()),
        },
        &|device, who, told| {
            let Some(stamp) = told.stamp(geometry.quantum, who) else { return };
            for index in 0..quanta {
                if told.result(write_at(device, index * stride, &stamp), true) {
                    acknowledged.set(index, who);
                }
            }
        },
        &mut |device, run| {
            for index in (0..quanta).filter(|&index| acknowledged.any(index)) {
                let count = read_at(device, index * stride, &mut read)?;
                if count < read.len() {
                    run.lost_updates += 1;
                } else if stamps::author(&read, writers).is_none() {
                    run.torn += 1;
                }
            }
            Ok(())
        },
    )
}
