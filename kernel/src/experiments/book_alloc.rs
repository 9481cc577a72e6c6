//! R33: scullpriv makes a device under its spinlock.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::dev::{CharDevice, Credentials, OpenFlags};
use kcore::scull::Edition;
use kcore::scull::access::Private;

use super::scull::device_of;
use super::trial::{Refusal, Trial};

/// One round: every task opens the device from each of `quanta` terminals, for the first time.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (resolved, geometry) = (trial.resolved, trial.geometry);
    let form = resolved.lock;
    let device = Private::new(Edition::of(form).unwrap_or_default(), move || device_of(form, geometry));
    let refused = AtomicU64::new(0);
    trial.race(&|_| {
        for terminal in 0..resolved.quanta {
            let opened = Arc::clone(&device).open(OpenFlags::READ_WRITE, &Credentials::user(1000, terminal));
            refused.fetch_add(opened.is_err().into(), Relaxed);
        }
    })?;
    let (devices, wanted, refused) =
        (device.devices().len() as u64, u64::from(resolved.quanta), refused.into_inner());
    trial.note(format!("{} terminals, {devices} devices in a round", resolved.quanta));
    trial.out_of_memory += refused;
    // Where all were refused there is no device, and nothing is wrong with that.
    trial.run.lost_updates += devices.saturating_sub(wanted) + wanted.saturating_sub(devices + refused);
    Ok(())
}
