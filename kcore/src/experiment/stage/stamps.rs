//! Stamps: bytes that tell which task wrote them.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::rig::with_room_for;
use crate::errno::Errno;
use crate::machine::Machine;

/// The stamp of task `who`: a letter up to Y, since Z is the poison of fresh memory; then what is no letter.
/// Never 0.
pub(in crate::experiment) fn of(who: u32) -> u8 {
    match who {
        0..25 => b'A' + who as u8,
        _ => 0x80 + (who - 25) as u8,
    }
}

/// A buffer of `size` bytes of one stamp. [`Errno::ENOMEM`] when there is no memory.
pub(in crate::experiment) fn buffer<M: Machine>(size: usize, stamp: u8) -> Result<Vec<u8>, Errno> {
    let mut buffer = with_room_for::<M, _>(size)?;
    buffer.resize(size, stamp);
    Ok(buffer)
}

/// Whose stamp all `bytes` carry, of `writers` tasks; `None` when they are mixed or no task's.
pub(in crate::experiment) fn author(bytes: &[u8], writers: u32) -> Option<u32> {
    let &first = bytes.first()?;
    let who = (0..writers).find(|&who| of(who) == first)?;
    bytes.iter().all(|&byte| byte == first).then_some(who)
}

/// Which writes the device acknowledged: what it must not lose.
pub(in crate::experiment) struct Acknowledged {
    /// For each place the set of tasks whose write there succeeded.
    by: Vec<AtomicU64>,
}

impl Acknowledged {
    /// Nothing yet, at `places` places. [`Errno::ENOMEM`] when there is no memory.
    pub(in crate::experiment) fn of<M: Machine>(places: usize) -> Result<Self, Errno> {
        let mut by = with_room_for::<M, _>(places)?;
        by.resize_with(places, || AtomicU64::new(0));
        Ok(Acknowledged { by })
    }

    /// The write of task `who` at `place` succeeded.
    pub(in crate::experiment) fn set(&self, place: usize, who: u32) {
        self.by[place].fetch_or(1 << who, Relaxed);
    }

    /// Whether the write of task `who` at `place` succeeded.
    pub(in crate::experiment) fn get(&self, place: usize, who: u32) -> bool {
        self.by[place].load(Relaxed) & 1 << who != 0
    }

    /// Whether any task's write at `place` succeeded.
    pub(in crate::experiment) fn any(&self, place: usize) -> bool {
        self.by[place].load(Relaxed) != 0
    }
}
