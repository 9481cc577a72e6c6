//! An open file: what user space does with the device.
#![forbid(unsafe_code)]

use core::fmt;

use crate::bytes::{SharedBytes, WORD};
use crate::dev::{OpenFlags, Whence};
use crate::errno::Errno;
use crate::event::Op;
use crate::machine::Machine;
use crate::scull::device::Device;
use crate::scull::edition::Edition;
use crate::scull::geometry::{Geometry, Place};
use crate::scull::list::{Block, Quantum};
use crate::scull::sites;
use crate::shared::{copying, probe};
use crate::sync::Held;

/// What a file was opened for (`O_RDONLY`, `O_WRONLY`, `O_RDWR`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reading only.
    Read,
    /// Writing only: opening empties the device.
    Write,
    /// Both.
    ReadWrite,
}

impl From<OpenFlags> for Mode {
    /// A task that opens a file neither for reading nor for writing gets one for reading; the caller above
    /// lets no read through then.
    fn from(flags: OpenFlags) -> Self {
        match flags {
            flags if flags.is_write_only() => Mode::Write,
            flags if flags.contains(OpenFlags::WRITE) => Mode::ReadWrite,
            _ => Mode::Read,
        }
    }
}

/// The largest position: `loff_t` is signed.
const POSITION_MAX: usize = i64::MAX as usize;

/// An open file. To drop it is to [release](File::release) it.
pub struct File<'d, M: Machine> {
    device: &'d Device<M>,
    mode: Mode,
    /// INVARIANT: at most [`POSITION_MAX`].
    position: usize,
    /// Dropped last: until then blocks that others free are kept, where that may happen.
    _keep: Option<M::Keep>,
}

impl<'d, M: Machine> File<'d, M> {
    /// At `position`, which a file of the device had before.
    pub(super) fn at(device: &'d Device<M>, mode: Mode, position: usize) -> Self {
        File { device, mode, position, _keep: device.keep() }
    }

    /// The position, in bytes from the start.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The device.
    pub fn device(&self) -> &'d Device<M> {
        self.device
    }

    /// Closes the file. The device keeps no account of open files, so there is nothing to do (LDD3's
    /// `scull_release`).
    pub fn release(self) {}

    /// Reads at the position and moves it (LDD3's `scull_read`). Returns how many bytes: at most to the end
    /// of the quantum and of the data. 0 at or past the end of the data, and also where the quantum is
    /// missing: as in the book, a read does not go on past a hole. A quantum that exists reads as 0 where no
    /// task has written.
    ///
    /// Nodes that are missing are made, as by a write (R5).
    ///
    /// [`Errno::EBADF`] when the file is not open for reading, [`Errno::ERESTARTSYS`] when a signal came
    /// while it slept for the lock, [`Errno::ENOMEM`], and [`Errno::EFAULT`] when a race left a pointer that
    /// cannot be followed or a block that is too short.
    #[inline(never)] // so that every backtrace names it
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, Errno> {
        if self.mode == Mode::Write {
            return Err(Errno::EBADF);
        }
        let device = self.device;
        let (_held, geometry) = self.enter()?;
        if self.position >= device.size.load::<M>(&sites::SIZE) {
            return Ok(0);
        }
        // The size is read again for the limit, and may be smaller by now (R7).
        let to_end = device.size.load::<M>(&sites::SIZE).saturating_sub(self.position);
        let place = self.locate(geometry)?;
        let Some(quantum) = self.find(place.item, place.slot)? else { return Ok(0) };
        let count = into.len().min(to_end).min(geometry.quantum.wrapping_sub(place.offset));
        let bytes = self.bytes(quantum, place.offset, count)?;
        probe::<M>(&sites::READ_COPY);
        let middle = half(place.offset, count);
        for part in [0..middle, middle..count] {
            let at = place.offset + part.start;
            copying::<M>(&sites::READ_COPY, Op::Read, quantum.address() + at, part.len());
            bytes.read(at, &mut into[part]);
        }
        self.position += count;
        Ok(count)
    }

    /// Takes the device's lock and looks how its bytes are divided. The book looks first (R11).
    #[track_caller]
    fn enter(&self) -> Result<(Held<'d, M>, Geometry), Errno> {
        let device = self.device;
        let before = (device.edition == Edition::Book).then(|| device.load_geometry());
        probe::<M>(&sites::ENTER);
        let held = device.enter()?;
        let geometry = before.unwrap_or_else(|| device.load_geometry());
        Ok((held, geometry))
    }

    /// Where the byte at the position is.
    fn locate(&self, geometry: Geometry) -> Result<Place, Errno> {
        geometry.locate(self.position).map_err(|why| self.device.tally.impossible(why))
    }

    /// The bytes of a quantum, if `count` from `offset` on are there.
    fn bytes(&self, quantum: Block<Quantum>, offset: usize, count: usize) -> Result<SharedBytes<'d>, Errno> {
        let device = self.device;
        let bytes = quantum.bytes_for::<M>(&device.list, offset, count);
        bytes.map_err(|past| device.tally.overrun(past))
    }

    /// The quantum of a slot, if array and quantum exist.
    fn find(&self, item: usize, slot: usize) -> Result<Option<Block<Quantum>>, Errno> {
        let device = self.device;
        let node = device.follow(item)?.node(&device.list);
        let Some(array) = device.load::<M, _>(&node.array, &sites::ARRAY)? else { return Ok(None) };
        let slot = device.slot_of(array, slot)?;
        match device.load::<M, _>(slot, &sites::SLOT)? {
            Some(_) => device.quantum_in(slot).map(Some),
            None => Ok(None),
        }
    }

    /// Writes at the position and moves it (LDD3's `scull_write`). Returns how many bytes: at most to the end
    /// of the quantum.
    ///
    /// [`Errno::EBADF`] when the file is not open for writing, [`Errno::ERESTARTSYS`] as for a read,
    /// [`Errno::EINVAL`] when the position would no longer fit, [`Errno::ENOMEM`] (what was allocated on the
    /// way stays in the device), and [`Errno::EFAULT`] when a race left a pointer that cannot be followed.
    #[inline(never)] // so that every backtrace names it
    pub fn write(&mut self, from: &[u8]) -> Result<usize, Errno> {
        if self.mode == Mode::Read {
            return Err(Errno::EBADF);
        }
        let device = self.device;
        let (_held, geometry) = self.enter()?;
        let place = self.locate(geometry)?;
        let count = from.len().min(geometry.quantum.wrapping_sub(place.offset));
        if count > POSITION_MAX - self.position {
            return Err(Errno::EINVAL);
        }
        let node = device.follow(place.item)?;
        let array = device.array_of(node, geometry.qset)?;
        let quantum = device.quantum_of(device.slot_of(array, place.slot)?, geometry.quantum)?;
        let bytes = self.bytes(quantum, place.offset, count)?;
        copy::<M>(quantum.address(), bytes, place.offset, &from[..count]);
        self.position += count;
        self.grow();
        Ok(count)
    }

    /// Lets the device end no earlier than here: a test and a store (R6).
    fn grow(&self) {
        let size = &self.device.size;
        if size.load::<M>(&sites::SIZE) < self.position {
            size.store::<M>(&sites::SIZE, self.position);
        }
    }

    /// Moves the position and returns it (LDD3's `scull_llseek`). A position past the end of the data is
    /// allowed. [`Errno::EINVAL`] for one before the start or beyond `i64::MAX`, [`Errno::ERESTARTSYS`] as
    /// for a read.
    pub fn llseek(&mut self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => self.position,
            Whence::End => {
                let _held = self.device.enter()?;
                self.device.size.load::<M>(&sites::SIZE)
            }
        };
        let position = (base as i64).checked_add(offset).and_then(|position| usize::try_from(position).ok());
        self.position = position.ok_or(Errno::EINVAL)?;
        Ok(self.position)
    }
}

impl<M: Machine> fmt::Debug for File<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("device", &self.device.name())
            .field("mode", &self.mode)
            .field("position", &self.position)
            .finish()
    }
}

/// `copy_from_user` in two halves, with a probe before, between and after. They meet at a word of the
/// quantum, so that a task which is held there has torn no word. The second is never empty, and of two words
/// or more the first is not.
fn copy<M: Machine>(address: usize, quantum: SharedBytes<'_>, offset: usize, from: &[u8]) {
    let (first, second) = from.split_at(half(offset, from.len()));
    probe::<M>(&sites::COPY_START);
    copying::<M>(&sites::COPY_HALF, Op::Write, address + offset, first.len());
    quantum.write(offset, first);
    probe::<M>(&sites::COPY_HALF);
    copying::<M>(&sites::COPY_HALF, Op::Write, address + offset + first.len(), second.len());
    quantum.write(offset + first.len(), second);
    probe::<M>(&sites::COPY_END);
}

/// How many of `count` bytes from `offset` on are copied before the others.
fn half(offset: usize, count: usize) -> usize {
    ((offset + count / 2) / WORD * WORD).saturating_sub(offset)
}
