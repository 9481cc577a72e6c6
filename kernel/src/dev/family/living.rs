//! Devices of the scull family outside of experiments.

use alloc::boxed::Box;
use alloc::sync::Arc;

use kcore::dev::{CharDevice, Credentials, FileOperations, KeepingFile, OpenFlags};
use kcore::errno::Errno;

use crate::machine::Kernel;
use crate::mm::heap::Live;

/// A device, and the proof that no experiment takes its memory back: as long as it lives, or a file of it
/// does.
pub(super) struct Living {
    /// Dropped first.
    device: Arc<dyn CharDevice<Kernel>>,
    live: Arc<Live>,
}

impl Living {
    /// A device that is `device`, which goes before `live` does.
    pub(super) fn device(
        device: Arc<dyn CharDevice<Kernel>>,
        live: &Arc<Live>,
    ) -> Arc<dyn CharDevice<Kernel>> {
        Arc::new(Living { device, live: Arc::clone(live) })
    }
}

impl CharDevice<Kernel> for Living {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        let file = Arc::clone(&self.device).open(flags, credentials)?;
        // It may be the last that refers to the device.
        Ok(Box::new(KeepingFile::new(file, Arc::clone(&self.live))))
    }

    fn unplugged(&self) {
        self.device.unplugged();
    }
}
