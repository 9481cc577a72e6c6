//! The devices that need no hardware: `null`, `zero`, `full`, `random` (Linux: `drivers/char/mem.c`,
//! `random.c`; null(4), full(4), random(4)).

use alloc::boxed::Box;
use alloc::sync::Arc;

use kcore::class;
use kcore::dev::{CharDevice, Credentials, DeviceNumber, FileOperations, OpenFlags, Whence};
use kcore::errno::Errno;

use crate::arch::cpu;
use crate::machine::{Kernel, SpinLock};

/// Their major.
pub(super) const MAJOR: u32 = 1;
/// Minors 0 to 9 belong to them, whether there is a device or not.
pub(super) const MINORS: u32 = 10;

/// Their numbers and names, as Linux has them.
pub(super) static NAMES: [(DeviceNumber, &str); 5] =
    [(of(3), "null"), (of(5), "zero"), (of(7), "full"), (of(8), "random"), (of(9), "urandom")];

const fn of(minor: u32) -> DeviceNumber {
    DeviceNumber { major: MAJOR, minor }
}

/// The device of that name.
pub(super) fn device(name: &str) -> Arc<dyn CharDevice<Kernel>> {
    let dice = || SpinLock::new(class!("dice"), fastrand::Rng::with_seed(cpu::cycles()));
    Arc::new(match name {
        "zero" => Memory::Zero,
        "full" => Memory::Full,
        "random" | "urandom" => Memory::Random(dice()),
        _ => Memory::Null,
    })
}

enum Memory {
    /// Nothing to read, and room for everything.
    Null,
    /// Zeros to read, and room for everything.
    Zero,
    /// Zeros to read, and no room.
    Full,
    /// Numbers from a generator that was seeded by the clock: for tests of drivers, not for secrets.
    Random(SpinLock<fastrand::Rng>),
}

impl CharDevice<Kernel> for Memory {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        Ok(Box::new(MemoryFile { device: self }))
    }
}

struct MemoryFile {
    device: Arc<Memory>,
}

impl FileOperations<Kernel> for MemoryFile {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        match &*self.device {
            Memory::Null => return Ok(0),
            Memory::Zero | Memory::Full => into.fill(0),
            Memory::Random(dice) => {
                // A generator of its own for the bytes, so that a long read keeps no other reader out.
                let mut own = dice.lock().fork();
                own.fill(into);
            }
        }
        Ok(into.len())
    }

    /// What is written to `random` changes what it gives.
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        match &*self.device {
            Memory::Full => return Err(Errno::ENOSPC),
            Memory::Random(dice) => {
                let sum = from.iter().fold(0, |sum: u64, byte| sum.rotate_left(9) ^ u64::from(*byte));
                let mut dice = dice.lock();
                let seed = dice.u64(..) ^ sum;
                dice.seed(seed);
            }
            Memory::Null | Memory::Zero => {}
        }
        Ok(from.len())
    }

    /// Every position is as good as 0 (Linux: `null_lseek`).
    fn llseek(&self, _whence: Whence, _offset: i64) -> Result<usize, Errno> {
        Ok(0)
    }
}
