//! R5: readers in a hole build the list that they walk.

use super::scull::read_at;
use super::trial::{Refusal, Trial};

/// One round: the device has a size and no list; each reader reads once, in the last list item.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let item = trial.geometry.item_size();
    let items = trial.resolved.quanta as usize;
    trial.scull_round(
        &|device| {
            device.prepare_hole(items * item);
            Ok(())
        },
        &|device, _, told| {
            let mut byte = [0];
            told.result(read_at(device, (items - 1) * item, &mut byte), false);
        },
        &mut |_, _| Ok(()),
    )
}
