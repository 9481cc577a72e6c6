//! scullsingle: one open file at a time.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::admitted::{self, Door};
use super::gate::Gate;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::Device;

/// A device that one file at a time is open on, whichever user asks: a second open is [`Errno::EBUSY`], also
/// for root (LDD3 ch. 6, "Single-Open Devices"). The book advises against it: who opens a device and starts a
/// helper cannot let it in.
pub struct Single<M: Machine> {
    device: Arc<Device<M>>,
    gate: Gate<M>,
}

impl<M: Machine> Single<M> {
    /// `device` behind a gate.
    pub fn new(device: Arc<Device<M>>) -> Arc<Self> {
        Arc::new(Single { gate: Gate::new(device.edition()), device })
    }

    /// The device behind the gate.
    pub fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }
}

impl<M: Machine> Door for Single<M> {
    fn leave(&self) {
        self.gate.leave();
    }
}

impl<M: Machine> CharDevice<M> for Single<M> {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        self.gate.enter()?;
        admitted::open(&self.device, flags, Arc::clone(&self))
    }
}
