//! R34: bytes that nobody wrote, and a quantum of 0.

use kcore::dev::{Caller, Credentials, NoUser};
use kcore::errno::Errno;
use kcore::scull::{Mode, ioctl};

use super::scull::{Device, read_at, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: one byte is written into each quantum, and what is before it is read; then the quantum is set to 0, the device
/// emptied, and written to.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (size, quanta) = (trial.geometry.quantum, trial.resolved.quanta as usize);
    trial.family_round(
        &|_| Ok(()),
        &|device, _, told| {
            let Some(mut bytes) = told.stamp(size, 0) else { return };
            for index in 0..quanta {
                told.result(write_at(device, (index + 1) * size - 1, &[stamps::of(0)]), true);
                let read = read_at(device, index * size, &mut bytes).unwrap_or(0);
                if bytes[..read.saturating_sub(1)].iter().any(|byte| *byte != 0) {
                    told.stale();
                }
            }
            told.result(set_to_zero(device), true);
        },
        &mut |_, _| Ok(()),
    )
}

/// Sets the quantum to 0, if that can be done, and uses the device.
fn set_to_zero(device: &Device) -> Result<usize, Errno> {
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    // The repaired driver refuses, and goes on with what it had.
    let _ = device.ioctl(ioctl::IOCTQUANTUM, 0, &caller);
    drop(device.open(Mode::Write)?);
    // A zero: another task that reads the first quantum then finds nothing that would have to be explained.
    write_at(device, 0, &[0])
}
