//! Blocks that an experiment has freed: kept, poisoned and watched.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;

use kcore::dev::{FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::machine::{BadFree, Memory, POISON_FREED};
use kcore::scull::{Device, Geometry, SharedFile};
use kcore::settings::Form;

use super::Answer;
use super::case::{holds, same};
use super::heap::{allocate, bytes, free, largest};
use crate::machine::Kernel;
use crate::mm::heap::{self, Experiment, Live, Quarantine};

crate::case! {
    "quarantine::poison-when-freed" => poison;
    "quarantine::double-free-is-found" => double_free;
    "quarantine::memory-is-not-handed-out-again" => holds_back;
    "quarantine::write-after-free-is-found" => write_after_free;
    "quarantine::end-takes-everything-back" => end;
    "quarantine::memory-can-be-had-again" => again;
    "quarantine::older-blocks-are-freed-at-once" => older;
    "quarantine::blocks-know-their-size" => sizes;
    "quarantine::kept-while-somebody-is-inside" => kept;
    "quarantine::live-devices-and-experiments-exclude-each-other" => live_devices;
    "quarantine::an-open-file-keeps-what-is-freed" => open_file;
    "quarantine::live-devices-leave-something-to-the-kernel" => reserve;
}

fn begin() -> Experiment {
    // SAFETY: each case uses blocks of its own only, and none after the experiment that it began.
    unsafe { Experiment::begin() }.expect("no device lives on while the cases run")
}

fn quantum(size: usize) -> Result<NonNull<u8>, String> {
    allocate(size).map_err(|errno| errno.to_string())
}

fn poison() -> Answer {
    let experiment = begin();
    let block = quantum(100)?;
    same("freeing", free(block), Ok(()))?;
    same("a freed block", bytes::<100>(block), Some([POISON_FREED; 100]))?;
    same("freed quanta", experiment.so_far().freed.scull.quantum, 1)?;
    same("writes after free", experiment.written_after_free(), 0)
}

fn double_free() -> Answer {
    let experiment = begin();
    let block = quantum(64)?;
    same("freeing", free(block), Ok(()))?;
    same("freeing again", free(block), Err(BadFree::Double))?;
    same("and again", free(block), Err(BadFree::Double))?;
    let happened = experiment.so_far();
    same("double frees", happened.double_free, 2)?;
    same("frees", happened.freed.scull.quantum, 1)
}

fn holds_back() -> Answer {
    let _experiment = begin();
    let first = quantum(4000)?;
    same("freeing", free(first), Ok(()))?;
    for _ in 0..20 {
        let next = quantum(4000)?;
        holds("a block in quarantine stays there", next.addr().get().abs_diff(first.addr().get()) >= 4000)?;
        same("freeing", free(next), Ok(()))?;
    }
    Ok(())
}

fn write_after_free() -> Answer {
    let experiment = begin();
    let (first, second) = (quantum(64)?, quantum(64)?);
    same("freeing", (free(first), free(second)), (Ok(()), Ok(())))?;
    // SAFETY: a block in quarantine stays mapped, and no other task knows of this one.
    unsafe { second.as_ptr().wrapping_add(63).write_volatile(0) };
    same("writes after free", experiment.written_after_free(), 1)
}

/// What leaked and what was freed: both are gone when the experiment ends.
fn end() -> Answer {
    let before = heap::live().scull;
    let experiment = begin();
    let (leaked, freed) = (quantum(4000)?, quantum(4000)?);
    same("freeing", free(freed), Ok(()))?;
    same("live quanta", heap::live().scull.quantum, before.quantum + 1)?;
    drop(experiment);
    same("live blocks of scull", heap::live().scull, before)?;
    same("what is known of the blocks", (bytes::<1>(leaked), bytes::<1>(freed)), (None, None))
}

/// A block for which there is room once, in one experiment after the other; every other time it leaks.
fn again() -> Answer {
    let size = largest()?;
    (0..4).try_for_each(|time| {
        let _experiment = begin();
        let block = quantum(size)?;
        if time % 2 == 0 { Ok(()) } else { same("freeing", free(block), Ok(())) }
    })
}

fn older() -> Answer {
    let block = quantum(64)?;
    let _experiment = begin();
    same("freeing", free(block), Ok(()))?;
    same("freeing again", free(block), Err(BadFree::Unknown))
}

fn sizes() -> Answer {
    for size in [1, 15, 16, 17, 4000, 8000] {
        let block = quantum(size)?;
        // SAFETY: the block lives.
        same("the size", unsafe { Kernel::size(block) }, size)?;
        same("freeing", free(block), Ok(()))?;
    }
    Ok(())
}

/// A block that is freed while two keep it is a block until the second has gone, and memory afterwards.
fn kept() -> Answer {
    let (block, stays) = (quantum(128)?, quantum(128)?);
    let (one, other) = (Quarantine::hold(), Quarantine::hold());
    same("freeing", free(block), Ok(()))?;
    drop(one);
    same("a kept block", bytes::<128>(block), Some([POISON_FREED; 128]))?;
    // SAFETY: the block was freed and is kept.
    same("its size", unsafe { Kernel::size(block) }, 128)?;
    same("freeing again", free(block), Err(BadFree::Double))?;
    drop(other);
    same("what is known of it", bytes::<1>(block), None)?;
    holds("what lives stays", bytes::<1>(stays).is_some())?;
    same("freeing", free(stays), Ok(()))?;
    same("what is known of that", bytes::<1>(stays), None)
}

fn live_devices() -> Answer {
    let live = Live::begin().map_err(|errno| errno.to_string())?;
    // SAFETY: nothing is allocated.
    let refused = unsafe { Experiment::begin() };
    same("an experiment", refused.err(), Some(Errno::EBUSY))?;
    drop(live);
    let experiment = begin();
    same("a live device", Live::begin().err(), Some(Errno::EBUSY))?;
    drop(experiment);
    Live::begin().map(drop).map_err(|errno| errno.to_string())
}

/// Devices that live on take all that there is for them, in large blocks or in small ones.
fn reserve() -> Answer {
    let live = Live::begin().map_err(|errno| errno.to_string())?;
    for size in [16 << 10, 16] {
        // Each leads to the one before: there is no room for a list of them.
        let mut last = None;
        while let Ok(block) = quantum(size) {
            // SAFETY: the block is the case's, aligned to 16, and has room for a pointer.
            unsafe { block.cast().write(last) };
            last = Some(block);
        }
        let has_room = Vec::<u8>::new().try_reserve_exact(512).is_ok();
        while let Some(block) = last {
            // SAFETY: it was written above.
            last = unsafe { block.cast().read() };
            same("freeing", free(block), Ok(()))?;
        }
        holds("there is room for the kernel's own", has_room)?;
    }
    drop(live);
    Ok(())
}

/// A device without a lock, outside of any experiment: what one file frees stays while the other is open.
fn open_file() -> Answer {
    let device = Device::<Kernel>::new(0, Form::None, Geometry { quantum: 64, qset: 2 });
    let device = Arc::new(device.map_err(|errno| errno.to_string())?);
    let file = SharedFile::open(Arc::clone(&device), OpenFlags::READ_WRITE);
    let file = file.map_err(|errno| errno.to_string())?;
    same("a write", file.write(&[1; 64]), Ok(64))?;
    let mut blocks = Vec::new();
    device.walk(|_, address| blocks.push(address));
    same("blocks", blocks.len(), 3)?;
    drop(SharedFile::open(Arc::clone(&device), OpenFlags::WRITE));
    let known = || {
        let is_known = |address: &&usize| heap::lookup(**address).is_some();
        blocks.iter().filter(is_known).count()
    };
    same("blocks that are kept", known(), 3)?;
    drop(file);
    same("blocks that are kept", known(), 0)
}
