//! A process that calls at random.

use alloc::sync::Arc;
use alloc::vec::Vec;

use fastrand::Rng;

use crate::dev::{Caller, Credentials, NoUser, OpenFile, OpenFlags, PollTable, UserMemory, Whence};
use crate::errno::Errno;
use crate::machine::Machine;

use super::chance::{self, Memory};
use super::right::{Asked, Wrong, is_right};

/// Files that a process has open at most.
const FILES: usize = 6;
/// Bytes of a read or write at most.
const BYTES: usize = 200;
/// Where a write begins at most: far from the start of a device of tiny quanta it would make nodes for a long
/// time.
const FARTHEST: usize = 6000;

/// A process with its files. To drop it closes them.
pub struct Process<'a, M: Machine> {
    seed: u64,
    rng: Rng,
    calls: u64,
    devices: &'a dyn Devices<M>,
    memory: Memory,
    files: Vec<Opened<M>>,
}

/// An open file, and what its calls are held against.
struct Opened<M: Machine> {
    file: Arc<OpenFile<M>>,
    family: Family,
}

impl<M: Machine> Clone for Opened<M> {
    fn clone(&self) -> Self {
        Opened { file: Arc::clone(&self.file), family: self.family }
    }
}

/// Nothing, or a wrong answer.
type Outcome = Result<(), Wrong>;

impl<'a, M: Machine> Process<'a, M> {
    /// A process without files. The same `seed`, the same calls, as far as they are answered the same.
    pub fn new(seed: u64, devices: &'a dyn Devices<M>) -> Self {
        let (rng, memory) = (Rng::with_seed(seed), Memory::new());
        Process { seed, rng, calls: 0, devices, memory, files: Vec::with_capacity(FILES) }
    }

    /// Makes one call.
    ///
    /// # Errors
    /// [`Wrong`]: it was not answered as its driver answers.
    pub fn call(&mut self) -> Outcome {
        let choice = if self.files.is_empty() { 0 } else { self.rng.u32(..100) };
        let outcome = match choice {
            0..10 if self.files.len() < FILES => self.open(),
            0..16 => self.close(),
            16..40 => self.read(),
            40..64 => self.write(),
            64..72 => self.llseek(),
            72..97 => self.ioctl(),
            _ => self.poll(),
        };
        self.calls += 1;
        outcome
    }

    fn judge(&self, family: Family, asked: Asked, answer: Result<usize, Errno>) -> Outcome {
        if answer == Err(Errno::ERESTARTSYS) {
            self.devices.take_signal();
        }
        match is_right(family, asked, answer) {
            true => Ok(()),
            false => Err(Wrong { seed: self.seed, call: self.calls, family, asked, answer }),
        }
    }

    fn open(&mut self) -> Outcome {
        let index = self.rng.usize(..self.devices.count());
        let mut flags = chance::flags(&mut self.rng);
        // Where no task sends signals, a sleeper may sleep for something that only it could do.
        flags.set(OpenFlags::NONBLOCK, !self.devices.may_sleep() || self.rng.u32(..8) > 0);
        let (credentials, family) = (chance::credentials(&mut self.rng), self.devices.family(index));
        let opened = self.devices.open(index, flags, &credentials);
        let answer = opened.as_ref().map(|_| 0).map_err(|errno| *errno);
        self.files.extend(opened.ok().map(|file| Opened { file, family }));
        self.judge(family, Asked::Open(flags), answer)
    }

    fn close(&mut self) -> Outcome {
        let which = self.rng.usize(..self.files.len());
        drop(self.files.swap_remove(which));
        Ok(())
    }

    fn opened(&mut self) -> Opened<M> {
        let which = self.rng.usize(..self.files.len());
        self.files[which].clone()
    }

    fn read(&mut self) -> Outcome {
        let Opened { file, family } = self.opened();
        if family == Family::Waits && !self.devices.may_sleep() {
            return Ok(());
        }
        let count = self.rng.usize(..BYTES);
        let answer = file.read(&mut [0; BYTES][..count]);
        self.judge(family, Asked::Read(file.flags(), count), answer)
    }

    fn write(&mut self) -> Outcome {
        let Opened { file, family } = self.opened();
        if file.llseek(Whence::Current, 0).is_ok_and(|position| position > FARTHEST) {
            let back = self.rng.i64(..FARTHEST as i64);
            // A device that has gone in between is no mistake.
            let _ = file.llseek(Whence::Set, back);
        }
        let count = self.rng.usize(..BYTES);
        let answer = file.write(&[self.rng.u8(..); BYTES][..count]);
        self.judge(family, Asked::Write(file.flags(), count), answer)
    }

    fn llseek(&mut self) -> Outcome {
        let Opened { file, family } = self.opened();
        let (whence, offset) = (self.rng.i32(-1..4), chance::offset(&mut self.rng));
        let answer = Whence::try_from(whence).and_then(|whence| file.llseek(whence, offset));
        self.judge(family, Asked::Llseek { whence }, answer)
    }

    fn ioctl(&mut self) -> Outcome {
        let Opened { file, family } = self.opened();
        let (command, value) = (chance::command(&mut self.rng), chance::number(&mut self.rng));
        let argument = chance::argument(&mut self.rng, value);
        self.memory.put_int(Memory::BASE, value).expect("the first bytes are the caller's");
        let has_memory = self.rng.u32(..20) > 0;
        let memory: &dyn UserMemory = if has_memory { &self.memory } else { &NoUser };
        let caller = Caller { credentials: chance::credentials(&mut self.rng), memory };
        let answer = file.ioctl(command, argument, &caller);
        self.judge(family, Asked::ioctl(command, &caller, has_memory), answer)
    }

    fn poll(&mut self) -> Outcome {
        let Opened { file, .. } = self.opened();
        let mut table = PollTable::new();
        // Whatever it says is so at that moment, and may be so no more.
        let _ = file.poll(&mut table);
        Ok(())
    }
}

/// By whose rules a device answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// scull0 to scull3, and the devices with an access control, which differ in `open` only.
    Scull,
    /// scullpipe0 to scullpipe3.
    Pipe,
    /// complete and sleepy: a read sleeps until a task writes, whatever the file was opened with.
    Waits,
}

/// Devices that are called at random.
pub trait Devices<M: Machine>: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// By whose rules the device of that index answers.
    fn family(&self, index: usize) -> Family;

    /// Opens it.
    fn open(
        &self,
        index: usize,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Arc<OpenFile<M>>, Errno>;

    /// Whether a task sends signals, so that a call may sleep.
    fn may_sleep(&self) -> bool;

    /// Takes the running task's signal, which has ended a call.
    fn take_signal(&self);
}
