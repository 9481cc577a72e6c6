//! Setting a stage: what exists in a device before an experiment begins.
#![forbid(unsafe_code)]

use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::device::Device;

impl<M: Machine> Device<M> {
    /// Makes the first `items` nodes, without arrays, as a read behind them would. The size stays what it is.
    /// [`Errno::ENOMEM`] when memory runs out; what was made stays in the device.
    pub fn prepare_nodes(&self, items: usize) -> Result<(), Errno> {
        let _held = self.guard().enter();
        match items.checked_sub(1) {
            Some(last) => self.follow(last).map(drop),
            None => Ok(()),
        }
    }

    /// Makes the first `items` nodes with their arrays, without quanta: writes find exactly the slots empty.
    /// [`Errno::ENOMEM`] as for [`prepare_nodes`](Device::prepare_nodes).
    pub fn prepare_arrays(&self, items: usize) -> Result<(), Errno> {
        let _held = self.guard().enter();
        for item in 0..items {
            let node = self.follow(item)?;
            self.array_of(node, self.geometry().qset)?;
        }
        Ok(())
    }

    /// Lets an empty device end at `size` bytes without anything in it: a hole from end to end.
    pub fn prepare_hole(&self, size: usize) {
        let _held = self.guard().enter();
        self.size.set_up(size);
    }
}
