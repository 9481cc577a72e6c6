//! One caller that calls at random.

use std::sync::Arc;

use fastrand::Rng;
use kcore::dev::{
    Caller, Credentials, NoUser, OpenFile, OpenFlags, PollTable, UserBytes, UserMemory, Whence,
};
use kcore::errno::Errno;
use kcore::host::HostMachine;

use crate::family::{Family, Plugged};

type Memory = UserBytes<16>;

/// Files that the caller has open at most.
const FILES: usize = 6;
/// Bytes of a read or write at most.
const BYTES: usize = 200;

/// A process with its files.
pub(crate) struct Process<'a> {
    rng: Rng,
    family: &'a Family,
    plugged: &'a Plugged,
    memory: Memory,
    files: Vec<Arc<OpenFile<HostMachine>>>,
}

impl<'a> Process<'a> {
    pub(crate) fn new(seed: u64, family: &'a Family, plugged: &'a Plugged) -> Self {
        Process { rng: Rng::with_seed(seed), family, plugged, memory: Memory::new(), files: Vec::new() }
    }

    /// Makes one call. Every answer is right that is no panic, and no error that a driver cannot give.
    pub(crate) fn call(&mut self) {
        let choice = if self.files.is_empty() { 0 } else { self.rng.u32(..100) };
        let result = match choice {
            0..10 => self.open(),
            10..18 => self.close(),
            18..45 => self.read(),
            45..72 => self.write(),
            72..85 => self.llseek(),
            85..98 => self.ioctl(),
            _ => self.poll(),
        };
        match result {
            Ok(_) => {}
            Err(Errno::ERESTARTSYS) => drop(HostMachine::take_signal()),
            Err(errno) => assert!(EXPECTED.contains(&errno), "{errno}"),
        }
    }

    fn open(&mut self) -> Result<usize, Errno> {
        if self.files.len() == FILES {
            return self.close();
        }
        let number = *self.rng.choice(&self.plugged.numbers).unwrap();
        // Sleeping for something that only the same process could do is no call to be tried.
        let flags = OpenFlags::from_bits_truncate(self.rng.u32(..32)) | OpenFlags::NONBLOCK;
        let file = self.plugged.registry.open(number, flags, &credentials(&mut self.rng))?;
        self.files.push(file);
        Ok(0)
    }

    fn close(&mut self) -> Result<usize, Errno> {
        let which = self.rng.usize(..self.files.len());
        drop(self.files.swap_remove(which));
        Ok(0)
    }

    fn file(&mut self) -> Arc<OpenFile<HostMachine>> {
        Arc::clone(self.rng.choice(&self.files).unwrap())
    }

    fn read(&mut self) -> Result<usize, Errno> {
        let mut bytes = vec![0; self.rng.usize(..BYTES)];
        let read = self.file().read(&mut bytes)?;
        assert!(read <= bytes.len(), "more than there is room for");
        Ok(read)
    }

    fn write(&mut self) -> Result<usize, Errno> {
        let bytes = vec![self.rng.u8(..); self.rng.usize(..BYTES)];
        let written = self.file().write(&bytes)?;
        assert!(written <= bytes.len(), "more than there was");
        Ok(written)
    }

    fn llseek(&mut self) -> Result<usize, Errno> {
        let whence = Whence::try_from(self.rng.i32(-1..4))?;
        let offset = match self.rng.u32(..100) {
            0 => self.rng.i64(..),
            1 => i64::MAX - self.rng.i64(0..100),
            2 => i64::MIN,
            _ => self.rng.i64(-500..3000),
        };
        self.file().llseek(whence, offset)
    }

    fn ioctl(&mut self) -> Result<usize, Errno> {
        let command = match self.rng.u32(..20) {
            0 => self.rng.u32(..),
            1 => self.rng.choice(self.family.commands).unwrap() ^ 1 << self.rng.u32(..32),
            _ => *self.rng.choice(self.family.commands).unwrap(),
        };
        let number = number(&mut self.rng);
        self.memory.put_int(Memory::BASE, number).unwrap();
        let argument = match self.rng.u32(..10) {
            0 => self.rng.usize(..),
            1 => 0,
            2 => Memory::BASE + self.rng.usize(..20),
            3..6 => Memory::BASE,
            _ => number as usize,
        };
        let credentials = credentials(&mut self.rng);
        let memory: &dyn UserMemory = if self.rng.u32(..20) == 0 { &NoUser } else { &self.memory };
        let file = Arc::clone(&self.files[self.rng.usize(..self.files.len())]);
        file.ioctl(command, argument, &Caller { credentials, memory })
    }

    fn poll(&mut self) -> Result<usize, Errno> {
        let file = self.file();
        let mut table = PollTable::new();
        Ok(file.poll(&mut table).bits() as usize)
    }
}

/// What a driver of the family may answer.
const EXPECTED: &[Errno] = &[
    Errno::EPERM,
    Errno::EBADF,
    Errno::EAGAIN,
    Errno::ENOMEM,
    Errno::EACCES,
    Errno::EFAULT,
    Errno::EBUSY,
    Errno::EINVAL,
    Errno::ENOTTY,
    Errno::ESPIPE,
];

fn credentials(rng: &mut Rng) -> Credentials {
    match rng.u32(..4) {
        0 => Credentials::user(rng.u32(1000..1003), rng.u32(..3)),
        1 => Credentials { dac_override: rng.bool(), sys_admin: rng.bool(), ..Credentials::user(1000, 1) },
        _ => Credentials::ROOT,
    }
}

/// An `int`: mostly one that makes sense, and the ends of what there is.
fn number(rng: &mut Rng) -> i32 {
    match rng.u32(..20) {
        0 => 0,
        1 => -1,
        2 => i32::MIN,
        3 => i32::MAX,
        4 => rng.i32(..),
        _ => rng.i32(1..70),
    }
}
