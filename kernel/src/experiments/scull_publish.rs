//! R4: an array is published before it is cleared.

use super::scull::{read_at, write_at};
use super::stamps::{self, Acknowledged};
use super::trial::{Refusal, Trial};

/// One round: the nodes are there, the arrays are not; each task writes a byte of its own in every item, in a slot of its
/// own as long as there are some.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, items, writers) = (trial.geometry, trial.resolved.quanta as usize, trial.resolved.writers);
    let place = |item: usize, who: u32| {
        let (slot, byte) = (who as usize % geometry.qset, who as usize / geometry.qset);
        item * geometry.item_size() + slot * geometry.quantum + byte
    };
    let acknowledged = Acknowledged::of(items)?;
    trial.scull_round(
        &|device| device.prepare_nodes(items),
        &|device, who, told| {
            for item in 0..items {
                if told.result(write_at(device, place(item, who), &[stamps::of(who)]), true) {
                    acknowledged.set(item, who);
                }
            }
        },
        &mut |device, run| {
            for item in 0..items {
                for who in (0..writers).filter(|&who| acknowledged.get(item, who)) {
                    let mut byte = [0];
                    let count = read_at(device, place(item, who), &mut byte)?;
                    run.lost_updates += u64::from(count == 0 || byte != [stamps::of(who)]);
                }
            }
            Ok(())
        },
    )
}
