//! Several writers that each open the device write-only and write a lot: out of memory, or not.

use alloc::format;

use kcore::errno::Errno;
use kcore::scull::Mode;

use crate::mm::heap;

use super::scull::{Device, Told};
use super::trial::{Refusal, Trial};

/// Bytes that a writer hands over at a time. The device takes no more than a quantum of them and is called again.
const CHUNK: usize = 64 << 10;

/// One round: each writer opens the device, which empties it, and writes from its start.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let bytes = trial.resolved.quanta as usize * trial.geometry.quantum;
    // SAFETY: the device lives in the call below and is dropped before it, and the crew's tasks are joined before that.
    // They use the device between `inside` and its end only, and its calls give no address away. A trim takes the head
    // of the list away before it returns, and with it every link that led to what it freed; nobody stores an address a
    // second time.
    let experiment = unsafe { heap::Experiment::begin_recycling() }?;
    // Dropped before the experiment.
    let device = Device::new(0, trial.resolved.lock, trial.geometry)?;
    trial.race_on(
        &experiment,
        &device,
        &|who, told| {
            let Some(chunk) = told.stamp(CHUNK.min(bytes), who) else { return };
            // A writer that is refused gives up, as dd does; the device's calls are counted in `told`.
            let _ = Writer { device: &device, experiment: &experiment, who, told }.write(&chunk, bytes);
        },
        &mut |_, _| Ok(()),
    )?;
    trial.note(format!("each writer has {bytes} bytes to write, the heap {} in all", heap::room().size()));
    match experiment.recycled() {
        0 => {}
        recycled => trial.note(format!("{recycled} freed blocks were used again")),
    }
    Ok(())
}

struct Writer<'a> {
    device: &'a Device,
    experiment: &'a heap::Experiment,
    who: u32,
    told: &'a Told,
}

impl Writer<'_> {
    /// Writes `bytes` bytes, `chunk` after `chunk`, until the first call that fails.
    fn write(&self, chunk: &[u8], bytes: usize) -> Result<(), Errno> {
        let mut file = {
            let _inside = self.experiment.inside(self.who);
            self.device.open(Mode::Write)?
        };
        let mut left = bytes;
        while left > 0 {
            let mut rest = &chunk[..left.min(chunk.len())];
            left -= rest.len();
            while !rest.is_empty() {
                let _inside = self.experiment.inside(self.who);
                let result = file.write(rest);
                self.told.result(result, true);
                rest = &rest[result?..];
            }
        }
        Ok(())
    }
}
