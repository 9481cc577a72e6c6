//! R4: an array is published before it is cleared.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::scull::{read_at, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: the nodes are there, the arrays are not; each task writes into a slot of its own in every item.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, items, writers) =
        (trial.geometry.check()?, trial.resolved.quanta as usize, trial.resolved.writers);
    let place =
        |item: usize, who: u32| item * geometry.item_size() + who as usize % geometry.qset * geometry.quantum;
    // Which tasks had a write acknowledged, as a set, for each item.
    let mut acknowledged = Vec::new();
    acknowledged.try_reserve_exact(items).map_err(|_| kcore::errno::Errno::ENOMEM)?;
    acknowledged.resize_with(items, || AtomicU64::new(0));
    let acknowledged = &acknowledged;
    trial.scull_round(
        |device| device.prepare_nodes(items),
        |device, who, told| {
            for (item, acknowledged) in acknowledged.iter().enumerate() {
                if told.result(write_at(device, place(item, who), &[stamps::of(who)]), true) {
                    acknowledged.fetch_or(1 << who, Relaxed);
                }
            }
        },
        |device, run| {
            for (item, acknowledged) in acknowledged.iter().enumerate() {
                for who in (0..writers).filter(|who| acknowledged.load(Relaxed) & 1 << who != 0) {
                    let mut byte = [0];
                    let count = read_at(device, place(item, who), &mut byte)?;
                    run.lost_updates += u64::from(count == 0 || byte != [stamps::of(who)]);
                }
            }
            Ok(())
        },
    )
}
