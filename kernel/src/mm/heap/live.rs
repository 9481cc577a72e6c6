//! Devices that live on, whatever experiments do.

use kcore::errno::Errno;

use super::HEAP;

/// There are devices of the scull family outside of experiments. A module has one from before its first device is made
/// until its last is gone.
///
/// While there is one, no experiment [begins](super::Experiment::begin): at its end it would take back all blocks of the
/// scull kinds that were allocated meanwhile, those of such a device, too.
#[derive(Debug)]
pub struct Live(());

impl Live {
    /// Whether there is one.
    pub fn any() -> bool {
        HEAP.lock_irqsave().as_ref().is_some_and(|heap| heap.live > 0)
    }

    /// One more. [`Errno::EBUSY`] while an experiment runs.
    pub fn begin() -> Result<Self, Errno> {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().ok_or(Errno::ENOMEM)?;
        if heap.quarantine_since != u64::MAX {
            return Err(Errno::EBUSY);
        }
        heap.live += 1;
        Ok(Live(()))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(heap) = HEAP.lock_irqsave().as_mut() {
            heap.live -= 1;
        }
    }
}
