//! R33: scullpriv makes a device under its spinlock.

use alloc::format;
use alloc::sync::Arc;

use kcore::dev::{CharDevice, Credentials, OpenFlags};
use kcore::scull::Edition;
use kcore::scull::access::Private;

use super::scull::device_of;
use super::trial::{Refusal, Trial};

/// One round: every task opens the device from each of `quanta` terminals, for the first time.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (resolved, geometry) = (trial.resolved, trial.geometry.check()?);
    let form = resolved.lock;
    let device = Private::new(Edition::of(form).unwrap_or_default(), move || device_of(form, geometry));
    trial.race(&|_| {
        for terminal in 0..resolved.quanta {
            // Without memory there is no device, and that is an answer.
            drop(Arc::clone(&device).open(OpenFlags::READ_WRITE, &Credentials::user(1000, terminal)));
        }
    })?;
    let devices = device.devices().len() as u64;
    trial.note(format!("{} terminals, {devices} devices in a round", resolved.quanta));
    trial.run.lost_updates += devices.abs_diff(u64::from(resolved.quanta));
    Ok(())
}
