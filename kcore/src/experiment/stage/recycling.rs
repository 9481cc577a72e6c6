//! A round on a scull device whose freed blocks are used again before it ends.

use super::heap::{HeapRound, Told};
use super::rig::{Refusal, Rig};
use super::round::Stage;
use super::scull::Device;
use crate::errno::Errno;
use crate::scull::{self, Mode};

/// A task that comes to the device. It is inside for the length of each call.
pub(in crate::experiment) struct Visitor<'a, M: Rig> {
    device: &'a Device<M>,
    heap: &'a M::Heap,
    who: u32,
}

/// A file of the device.
pub(in crate::experiment) struct Visit<'a, M: Rig> {
    file: scull::File<'a, M>,
    heap: &'a M::Heap,
    who: u32,
}

impl<'a, M: Rig> Visitor<'a, M> {
    /// Which task it is.
    pub(in crate::experiment) fn who(&self) -> u32 {
        self.who
    }

    /// Opens the device, which empties it if it is opened write-only.
    pub(in crate::experiment) fn open(&self, mode: Mode) -> Result<Visit<'a, M>, Errno> {
        let _inside = self.heap.inside(self.who);
        Ok(Visit { file: self.device.open(mode)?, heap: self.heap, who: self.who })
    }
}

impl<M: Rig> Visit<'_, M> {
    /// Writes at the file's position.
    pub(in crate::experiment) fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        let _inside = self.heap.inside(self.who);
        self.file.write(bytes)
    }
}

impl<M: Rig> Stage<'_, M> {
    /// [`scull_round`](Stage::scull_round) on a heap that uses freed blocks again. Returns how many times it
    /// has.
    pub(in crate::experiment) fn recycling_round(
        &mut self,
        body: &(dyn Fn(&Visitor<'_, M>, &Told) + Sync),
    ) -> Result<u64, Refusal> {
        // SAFETY: the device lives in the call below and is dropped before it, and the crew's tasks are
        // joined before that. They use the device by a `Visitor`, which is inside meanwhile, and its calls
        // give no address away. A trim takes the head of the list away before it returns, and with it every
        // link that led to what it freed; no task stores an address a second time.
        let heap = unsafe { M::Heap::begin_recycling() }?;
        // Dropped before the heap's round.
        let device = Device::new(0, self.resolved.lock, self.geometry)?;
        let visit = |who, told: &Told| body(&Visitor { device: &device, heap: &heap, who }, told);
        self.race_on(&heap, &device, &visit, &mut |_, _| Ok(()))?;
        Ok(heap.recycled())
    }
}
