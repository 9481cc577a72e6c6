//! Blocks that an experiment has freed: kept, poisoned and watched.

use alloc::string::{String, ToString};
use core::ptr::NonNull;

use kcore::machine::{BadFree, POISON_FREED};

use super::Answer;
use super::case::{holds, same};
use super::heap::{allocate, bytes, free, largest};
use crate::mm::heap::{self, Experiment};

crate::case! {
    "quarantine::poison-when-freed" => poison;
    "quarantine::double-free-is-found" => double_free;
    "quarantine::memory-is-not-handed-out-again" => holds_back;
    "quarantine::write-after-free-is-found" => write_after_free;
    "quarantine::end-takes-everything-back" => end;
    "quarantine::memory-can-be-had-again" => again;
    "quarantine::older-blocks-are-freed-at-once" => older;
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
    // SAFETY: a block in quarantine stays mapped, and nobody else knows of this one.
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
