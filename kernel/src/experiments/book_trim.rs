//! R12: sculluid is emptied without the device's lock.

use alloc::sync::Arc;

use kcore::dev::{CharDevice, Credentials, OpenFlags, Whence};
use kcore::errno::Errno;
use kcore::experiment::Role;
use kcore::scull::access::Uid;

use crate::machine::Kernel;
use crate::mm::heap;

use super::scull::{device_of, prepare_quanta};
use super::stamps;
use super::trial::{Refusal, Trial};

/// The one user to whom all tasks belong.
const USER: Credentials = Credentials::user(1000, 0);

/// One round: the quanta are all there; writers write all of them, trimmers open the device write-only.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, quanta) = (trial.geometry, trial.resolved.quanta as usize);
    let resolved = trial.resolved;
    let blank = stamps::buffer(geometry.quantum, stamps::of(0))?;
    // SAFETY: the device is dropped before it, and the crew's tasks, which use the device, are joined before that.
    let experiment = unsafe { heap::Experiment::begin() }?;
    let device = Arc::new(device_of(resolved.lock, geometry)?);
    let uid = Uid::new(Arc::clone(&device));
    prepare_quanta(&device, quanta, &blank)?;
    trial.race_on(
        &experiment,
        &device,
        &|who, told| match resolved.role(who) {
            Role::Trim => drop(Arc::clone(&uid).open(OpenFlags::WRITE, &USER)),
            Role::Write | Role::Read => {
                let Some(stamp) = told.stamp(geometry.quantum, who) else { return };
                for index in 0..quanta {
                    told.result(write_at(&uid, index * geometry.quantum, &stamp), true);
                }
            }
        },
        &mut |_, _| Ok(()),
    )
}

/// Writes `bytes` at `position` through a file of its own.
fn write_at(uid: &Arc<Uid<Kernel>>, position: usize, bytes: &[u8]) -> Result<usize, Errno> {
    let file = Arc::clone(uid).open(OpenFlags::READ_WRITE, &USER)?;
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}
