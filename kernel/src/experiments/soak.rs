//! Mixed traffic on one device: writes, reads, seeks and trims by many tasks, for a long time.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::scull::Mode;

use super::scull::{Device, Told, read_at, write_at};
use super::stamps;
use super::trial::{Refusal, Trial};

/// The quanta that all tasks work on.
const PLACES: u64 = 32;
/// One call of so many is a trim: a device that is always empty is no traffic.
const TRIMS: u64 = 50;

/// One round: each task makes its calls, chosen by chance, and checks what it reads.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (geometry, calls, writers) = (trial.geometry, trial.resolved.quanta, trial.resolved.writers);
    let seed = trial.luck();
    let torn = AtomicU64::new(0);
    trial.scull_round(
        &|_| Ok(()),
        &|device, who, told| {
            let traffic = Traffic { device, told, writers, torn: &torn };
            let mut luck = fastrand::Rng::with_seed(seed ^ u64::from(who));
            let Some(stamp) = told.stamp(geometry.quantum, who) else { return };
            let Some(mut buffer) = told.stamp(geometry.quantum, who) else { return };
            for _ in 0..calls {
                let position = luck.u64(..PLACES) as usize * geometry.quantum;
                match luck.u64(..TRIMS) {
                    0 => drop(device.open(Mode::Write)),
                    1..25 => traffic.write(position, &stamp),
                    _ => traffic.read(position, &mut buffer),
                }
            }
        },
        &mut |_, _| Ok(()),
    )?;
    trial.run.torn += torn.into_inner();
    Ok(())
}

struct Traffic<'a> {
    device: &'a Device,
    told: &'a Told,
    writers: u32,
    /// Quanta that were read and held bytes of more than one write, or of none.
    torn: &'a AtomicU64,
}

impl Traffic<'_> {
    fn write(&self, position: usize, stamp: &[u8]) {
        self.told.result(write_at(self.device, position, stamp), true);
    }

    /// Writes are whole quanta, so a read finds nothing, a hole, or one write.
    fn read(&self, position: usize, buffer: &mut [u8]) {
        let result = read_at(self.device, position, buffer);
        self.told.result(result, false);
        let Ok(count @ 1..) = result else { return };
        let whole = stamps::author(&buffer[..count], self.writers).is_some();
        self.torn.fetch_add(u64::from(!whole), Relaxed);
    }
}
