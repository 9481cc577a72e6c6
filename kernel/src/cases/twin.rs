//! scull's twin in safe Rust under the load of `scull-leak`: nothing leaks, nothing tears.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::scull::{Geometry, Mode};
use kcore::twin::{Device, File};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::smp;
use crate::machine::Kernel;
use crate::mm::heap;

crate::case! {
    "twin::same-slots-leak-nothing" => leaks_nothing;
    "twin::trims-meanwhile" => trims;
    "twin::no-memory-is-an-answer" => no_memory;
}

type Twin = Device<Kernel>;

/// Slots that every task writes: an item and a half.
const SLOTS: usize = 1500;
/// Bytes of a slot: less than the book's, so that all fit into a small machine's heap.
const GEOMETRY: Geometry = Geometry { quantum: 400, qset: 1000 };

fn twin() -> Result<Arc<Twin>, String> {
    Ok(Arc::new(Device::new(GEOMETRY).map_err(|errno| errno.to_string())?))
}

fn at(device: &Twin, slot: usize) -> Result<File<'_, Kernel>, Errno> {
    let mut file = device.open(Mode::ReadWrite)?;
    file.llseek(Whence::Set, (slot * GEOMETRY.quantum) as i64)?;
    Ok(file)
}

/// One write of a whole slot, and what is there afterwards: one write, from the first byte to the last, or
/// nothing.
fn write_and_read(device: &Twin, slot: usize, stamp: u8) -> Result<bool, Errno> {
    let mut bytes = [stamp; GEOMETRY.quantum];
    let wrote = at(device, slot)?.write(&bytes)?;
    let read = at(device, slot)?.read(&mut bytes)?;
    Ok(wrote == bytes.len() && bytes[..read].iter().all(|byte| *byte == bytes[0]))
}

/// Two tasks a CPU, all on the same slots; every `trims`th call of each empties the device.
fn load(device: &Arc<Twin>, trims: Option<usize>) -> Answer {
    let shared = Arc::clone(device);
    let right = crew::count(move |cpu| {
        (0..SLOTS).all(|slot| {
            if trims.is_some_and(|trims| slot % trims == trims / 2) && shared.open(Mode::Write).is_err() {
                return false;
            }
            write_and_read(&shared, slot, cpu as u8 + 1) == Ok(true)
        })
    })?;
    same("CPUs whose calls all went well", right, smp::cpus())
}

/// Runs `test` on a device and looks whether all memory comes back.
fn nothing_stays(test: impl FnOnce(&Arc<Twin>) -> Answer) -> Answer {
    let before = heap::live().other;
    let device = twin()?;
    let answer = test(&device);
    drop(device);
    answer?;
    same("blocks that stayed", heap::live().other.saturating_sub(before), 0)
}

fn leaks_nothing() -> Answer {
    nothing_stays(|device| {
        let before = heap::live().other;
        load(device, None)?;
        let counts = device.data.lock().counts();
        same("quanta", counts.quantum, SLOTS as u64)?;
        same("arrays", counts.array, 2)?;
        // The items are one block.
        same("blocks more than before", heap::live().other - before, counts.quantum + counts.array + 1)
    })
}

fn trims() -> Answer {
    nothing_stays(|device| {
        load(device, Some(100))?;
        let stats = device.lock_stats();
        holds(&format!("{} calls took the lock", stats.acquire), stats.acquire >= 2 * SLOTS as u64)
    })
}

/// A quantum of which there cannot be two.
fn no_memory() -> Answer {
    nothing_stays(|_| {
        let half = Geometry { quantum: heap::room().size() / 2, qset: 4 };
        let device = Twin::new(half).map_err(|errno| errno.to_string())?;
        let mut file = device.open(Mode::ReadWrite).map_err(|errno| errno.to_string())?;
        let all: Vec<_> = (0..2)
            .map(|slot| {
                file.llseek(Whence::Set, (slot * half.quantum) as i64)?;
                file.write(&[1])
            })
            .collect();
        holds(&format!("{all:?} ends in -ENOMEM"), all.last() == Some(&Err(Errno::ENOMEM)))?;
        same("a trim", device.open(Mode::Write).map(drop), Ok(()))
    })
}
