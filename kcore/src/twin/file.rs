//! An open file.

use core::fmt;

use crate::dev::Whence;
use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::Mode;
use crate::twin::device::Device;

/// The largest position: `loff_t` is signed.
const POSITION_MAX: usize = i64::MAX as usize;

/// An open file. It cannot outlive its device.
pub struct File<'d, M: Machine> {
    device: &'d Device<M>,
    mode: Mode,
    /// INVARIANT: at most [`POSITION_MAX`].
    position: usize,
}

impl<'d, M: Machine> File<'d, M> {
    pub(super) fn new(device: &'d Device<M>, mode: Mode) -> Self {
        File { device, mode, position: 0 }
    }

    /// The position, in bytes from the start.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Reads at the position and moves it. Returns how many bytes: at most to the end of the quantum and of
    /// the data; 0 at or past the end, and where the quantum is missing.
    ///
    /// [`Errno::EBADF`] when the file is not open for reading, [`Errno::ERESTARTSYS`] when a signal came
    /// while it slept for the lock.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, Errno> {
        if self.mode == Mode::Write {
            return Err(Errno::EBADF);
        }
        let data = self.device.enter()?;
        let to_end = data.size.saturating_sub(self.position);
        let place = data.geometry.place(self.position);
        let Some(quantum) = data.quantum(place).filter(|_| to_end > 0) else { return Ok(0) };
        let from = &quantum[place.offset..];
        let count = into.len().min(to_end).min(from.len());
        into[..count].copy_from_slice(&from[..count]);
        self.position += count;
        Ok(count)
    }

    /// Writes at the position and moves it. Returns how many bytes: at most to the end of the quantum.
    ///
    /// [`Errno::EBADF`] when the file is not open for writing, [`Errno::ERESTARTSYS`] as for a read,
    /// [`Errno::EINVAL`] when the position would no longer fit, [`Errno::ENOMEM`]; what was allocated on the
    /// way stays in the device.
    pub fn write(&mut self, from: &[u8]) -> Result<usize, Errno> {
        if self.mode == Mode::Read {
            return Err(Errno::EBADF);
        }
        let mut data = self.device.enter()?;
        let place = data.geometry.place(self.position);
        let count = from.len().min(data.geometry.quantum - place.offset);
        if count > POSITION_MAX - self.position {
            return Err(Errno::EINVAL);
        }
        M::refusable(|| data.quantum_mut(place))?[place.offset..][..count].copy_from_slice(&from[..count]);
        self.position += count;
        data.size = data.size.max(self.position);
        Ok(count)
    }

    /// Moves the position and returns it. A position past the end of the data is allowed. [`Errno::EINVAL`]
    /// for one before the start or beyond `i64::MAX`, [`Errno::ERESTARTSYS`] as for a read.
    pub fn llseek(&mut self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => self.position,
            Whence::End => self.device.enter()?.size,
        };
        let target = usize::try_from(base as i128 + i128::from(offset)).ok();
        self.position = target.filter(|target| *target <= POSITION_MAX).ok_or(Errno::EINVAL)?;
        Ok(self.position)
    }
}

impl<M: Machine> fmt::Debug for File<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("mode", &self.mode)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
