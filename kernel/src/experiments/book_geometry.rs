//! R11: the geometry changes between the look at it and the lock.

use kcore::dev::{Caller, Credentials, NoUser};
use kcore::errno::Errno;
use kcore::experiment::Role;
use kcore::scull::{Mode, ioctl};

use super::scull::write_at;
use super::stamps;
use super::trial::{Refusal, Trial};

/// One round: writers write a quantum at the start; trimmers let the module have twice as many slots, or as many as before,
/// and empty the device. Then the last slot of the device is written to, and the device is emptied once more.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, times) = (trial.geometry, trial.resolved.quanta as usize);
    let resolved = trial.resolved;
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    let stamp = stamps::buffer(geometry.quantum, stamps::of(0))?;
    trial.family_round(
        &|_| Ok(()),
        &|device, who, told| {
            for time in 0..times {
                match resolved.role(who) {
                    Role::Trim => {
                        let slots = geometry.qset << (1 - time % 2);
                        let _ = device.ioctl(ioctl::IOCTQSET, slots, &caller);
                        drop(device.open(Mode::Write));
                    }
                    Role::Write | Role::Read => {
                        told.result(write_at(device, 0, &stamp), true);
                    }
                }
            }
        },
        &mut |device, _| {
            let slots = device.geometry().qset;
            let last = write_at(device, (slots - 1) * geometry.quantum, &stamp);
            drop(device.open(Mode::Write)?);
            // The damage is counted: that is what this is for.
            last.map(drop).or_else(|errno| if errno == Errno::EFAULT { Ok(()) } else { Err(errno) })
        },
    )
}
