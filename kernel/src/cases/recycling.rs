//! Freed blocks that are used again while an experiment runs: not before every task has left that may know
//! them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ptr::NonNull;

use kcore::machine::BadFree;

use super::Answer;
use super::case::{holds, same};
use super::heap::{allocate, free, largest};
use crate::mm::heap::Experiment;

crate::case! {
    "recycling::nobody-inside" => nobody;
    "recycling::who-was-inside-holds-it-back" => held_back;
    "recycling::who-came-later-does-not" => later;
    "recycling::who-came-while-it-was-freed-does" => meanwhile;
    "recycling::leaks-stay" => leaks;
    "recycling::write-after-free-is-found" => write_after_free;
}

fn begin() -> Experiment {
    // SAFETY: each case uses blocks of its own only, none that it has freed but as quarantined, and none
    // after its end.
    unsafe { Experiment::begin_recycling() }.expect("no device lives on while the cases run")
}

fn quantum(size: usize) -> Result<NonNull<u8>, String> {
    allocate(size).map_err(|errno| errno.to_string())
}

/// A size for which there is room once, as long as this lives: what else there is of it is taken.
struct Room {
    size: usize,
    taken: Vec<NonNull<u8>>,
}

impl Room {
    fn new() -> Result<Self, String> {
        let size = largest()?;
        let mut taken = Vec::with_capacity(64);
        while let Ok(block) = allocate(size) {
            taken.push(block);
        }
        let last = taken.pop().ok_or("the room is gone")?;
        same("freeing", free(last), Ok(()))?;
        Ok(Room { size, taken })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        for block in self.taken.drain(..) {
            free(block).expect("it is taken");
        }
    }
}

/// A block for which there is room once, again and again.
fn nobody() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let experiment = begin();
    for _ in 0..4 {
        let block = quantum(size)?;
        same("freeing", free(block), Ok(()))?;
    }
    same("blocks used again", experiment.recycled(), 3)?;
    same("freed blocks", experiment.so_far().freed.scull.quantum, 4)
}

fn held_back() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let experiment = begin();
    let inside = experiment.inside(7);
    let block = quantum(size)?;
    same("freeing", free(block), Ok(()))?;
    holds("there is no memory while 7 is inside", allocate(size).is_err())?;
    same("freeing again", free(block), Err(BadFree::Double))?;
    drop(inside);
    // 7 is out, so no task knows the block.
    same("freeing the next", free(quantum(size)?), Ok(()))
}

fn later() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let experiment = begin();
    let block = quantum(size)?;
    same("freeing", free(block), Ok(()))?;
    // The clock counts allocations, also those of others.
    let _tick = quantum(16)?;
    let _inside = experiment.inside(3);
    allocate(size - 64).map(drop).map_err(|errno| errno.to_string())
}

/// 5 came after 7 had freed a block, but before 7 left: until then a link of the device may have led there.
fn meanwhile() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let experiment = begin();
    let freer = experiment.inside(7);
    same("freeing", free(quantum(size)?), Ok(()))?;
    let _tick = quantum(16)?;
    let came = experiment.inside(5);
    drop(freer);
    holds("there is no memory while 5 is inside", allocate(size).is_err())?;
    drop(came);
    same("freeing the next", free(quantum(size)?), Ok(()))
}

fn leaks() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let _experiment = begin();
    let _leaked = quantum(size)?;
    holds("a block that lives is not used again", allocate(size).is_err())
}

fn write_after_free() -> Answer {
    let room = Room::new()?;
    let size = room.size;
    let experiment = begin();
    let block = quantum(size)?;
    same("freeing", free(block), Ok(()))?;
    // SAFETY: a block in quarantine stays mapped, and no other task knows of this one.
    unsafe { block.as_ptr().wrapping_add(63).write_volatile(0) };
    same("freeing the next", free(quantum(size)?), Ok(()))?;
    same("blocks used again", experiment.recycled(), 1)?;
    same("writes after free", experiment.written_after_free(), 1)
}
