//! R6: the size goes back.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::scull::write_at;
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: at each step every task writes one byte, each at a place of its own, A always the farthest. The device must
/// never be shorter than the end of a write that was acknowledged.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, steps, writers) =
        (trial.geometry, trial.resolved.quanta as usize, trial.resolved.writers as usize);
    let bytes = steps * writers;
    let highest = AtomicUsize::new(0);
    trial.scull_round(
        &|device| device.prepare_arrays(bytes.div_ceil(geometry.item_size())),
        &|device, who, told| {
            for step in 0..steps {
                let position = step * writers + (writers - 1 - who as usize);
                if !told.result(write_at(device, position, &[stamps::of(who)]), true) {
                    continue;
                }
                highest.fetch_max(position + 1, Relaxed);
                if device.size() < position + 1 {
                    told.lost_update();
                }
            }
        },
        &mut |device, run| {
            run.lost_updates += u64::from(device.size() < highest.load(Relaxed));
            Ok(())
        },
    )
}
