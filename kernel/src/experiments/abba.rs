//! R24: two locks, taken in two orders.

use kcore::errno::Errno;
use kcore::experiment::FIRST;
use kcore::settings::Lock;
use kcore::shared::probe;

use crate::machine::{Guard, Kernel};

use super::scull::{Device, read_at, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// Bytes that each device holds, if its quantum has room for them.
const LENGTH: usize = 16;

/// Two devices and their locks. The locks are outside the devices, so that a copy can take both.
struct Pair {
    devices: [Device; 2],
    guards: [Guard; 2],
    /// Whether the lower device's lock is taken first, whatever the direction of the copy.
    ordered: bool,
}

/// One round: A, C, ... copy scull0 to scull1, and B, D, ... the other way, `quanta` times each.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let pair = Pair::new(trial)?;
    let quanta = trial.resolved.quanta;
    trial.race(&|who| {
        let from = who as usize % 2;
        for _ in 0..quanta {
            pair.copy(from, 1 - from);
        }
    })?;
    trial.add_lock(pair.guards[0].stats());
    trial.run.lost_updates += u64::from(pair.contents(0) != pair.contents(1));
    Ok(())
}

impl Pair {
    fn new(trial: &Trial<'_>) -> Result<Self, Errno> {
        let ordered = trial.resolved.lock == Lock::Ordered;
        let form = if ordered { Lock::Spinlock } else { trial.resolved.lock };
        let device = |index| Device::new(index, Lock::None, trial.geometry);
        let guard = |name| Guard::new(form, name, "scull.lock");
        let pair = Pair {
            devices: [device(0)?, device(1)?],
            guards: [guard("scull0.lock"), guard("scull1.lock")],
            ordered,
        };
        // Here already, so that nobody allocates under a spinlock.
        for (who, device) in pair.devices.iter().enumerate() {
            write_at(device, 0, &[stamps::of(who as u32); LENGTH])?;
        }
        Ok(pair)
    }

    /// Copies one device to the other. The bytes are in the first quantum of both, so nothing here can fail.
    fn copy(&self, from: usize, to: usize) {
        let (lower, higher) = if self.ordered { (from.min(to), from.max(to)) } else { (from, to) };
        let _first = self.guards[lower].enter();
        probe::<Kernel>(&FIRST);
        let _second = self.guards[higher].enter();
        // Lock order: the lower device -> the higher one, in the ordered form only.
        let (bytes, count) = self.contents(from);
        let _ = write_at(&self.devices[to], 0, &bytes[..count]);
    }

    /// What the device holds, and how much it gives at once.
    fn contents(&self, index: usize) -> ([u8; LENGTH], usize) {
        let mut bytes = [0; LENGTH];
        let count = read_at(&self.devices[index], 0, &mut bytes).unwrap_or(0);
        (bytes, count)
    }
}
