//! An open file that several tasks may have: what the registry hands out.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::class;
use crate::dev::{Caller, CharDevice, Credentials, FileOperations, OpenFlags, Whence};
use crate::errno::Errno;
use crate::event::LockName;
use crate::machine::Machine;
use crate::scull::device::Device;
use crate::scull::file::{File, Mode};
use crate::sync::{Mutex, Observed};

/// Guards the position of a file (Linux: `f_pos_lock`). It is taken before the lock of the device.
const POSITION: LockName =
    LockName::sleeps("f_pos_lock", class!("f_pos_lock", "Read, write and llseek of a file."));

/// An open file of a device that it refers to. One call at a time moves the position: the others sleep, and a
/// signal ends their sleep with [`Errno::ERESTARTSYS`].
pub struct SharedFile<M: Machine> {
    position: Mutex<usize, M, Observed>,
    mode: Mode,
    device: Arc<Device<M>>,
    /// Dropped last: until then blocks that others free are kept, where that may happen.
    _keep: Option<M::Keep>,
}

impl<M: Machine> SharedFile<M> {
    /// Opens `device`, as [`Device::open`] does.
    #[track_caller]
    pub fn open(device: Arc<Device<M>>, flags: OpenFlags) -> Result<Self, Errno> {
        let mode = Mode::from(flags);
        let keep = device.keep();
        Device::open(&device, mode)?.release();
        Ok(Self::without_opening(device, mode, keep))
    }

    /// A file of `device` for a driver that has opened it in its own way, and has emptied it if it was to.
    pub fn new(device: Arc<Device<M>>, flags: OpenFlags) -> Self {
        let keep = device.keep();
        Self::without_opening(device, Mode::from(flags), keep)
    }

    fn without_opening(device: Arc<Device<M>>, mode: Mode, keep: Option<M::Keep>) -> Self {
        let position = Mutex::of(Observed::new(POSITION), 0);
        SharedFile { position, mode, device, _keep: keep }
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }

    /// Lets `call` use the file, and keeps the position where it leaves it.
    #[track_caller]
    fn with<R>(&self, call: impl FnOnce(&mut File<'_, M>) -> Result<R, Errno>) -> Result<R, Errno> {
        let mut position = self.position.lock_interruptible().map_err(|_| Errno::ERESTARTSYS)?;
        let mut file = File::at(&self.device, self.mode, *position);
        let result = call(&mut file);
        *position = file.position();
        result
    }
}

impl<M: Machine> FileOperations<M> for SharedFile<M> {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        self.with(|file| file.read(into))
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        self.with(|file| file.write(from))
    }

    fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        self.with(|file| file.llseek(whence, offset))
    }

    fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        self.device.ioctl(command, argument, caller)
    }
}

impl<M: Machine> CharDevice<M> for Device<M> {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        Ok(Box::new(SharedFile::open(self, flags)?))
    }
}

impl<M: Machine> fmt::Debug for SharedFile<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFile")
            .field("device", &self.device.name())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
