//! A task for which there was no memory.
//!
//! What could not fail has got some of the [reserve](crate::mm::heap). The task learns of it at its next system call, which
//! answers [`Errno::ENOMEM`], once: like a signal, it stays until its task [takes](take) it. An experiment asks
//! between its rounds, the shell before it starts anything that stays.

use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;

use super::{queue, table};

/// The running task has got memory that is for those alone who cannot do without.
pub(crate) fn note() {
    mine(|task| task.is_short.store(true, Relaxed));
}

/// Whether the running task was short of memory since it was asked last.
pub fn take() -> bool {
    mine(|task| task.is_short.swap(false, Relaxed)).unwrap_or(false)
}

/// [`take`] as a result: [`Errno::ENOMEM`] if it was.
pub fn check() -> Result<(), Errno> {
    if take() { Err(Errno::ENOMEM) } else { Ok(()) }
}

/// Whether it was, and goes on not knowing.
pub fn is_noted() -> bool {
    mine(|task| task.is_short.load(Relaxed)).unwrap_or(false)
}

/// Does some `work` that can be refused memory: none of the reserve is for it.
pub fn without<R>(work: impl FnOnce() -> R) -> R {
    let before = mine(|task| task.goes_without.swap(true, Relaxed)).unwrap_or(false);
    let result = work();
    mine(|task| task.goes_without.store(before, Relaxed));
    result
}

/// Room for exactly `count` more in `vector`. [`Errno::ENOMEM`] when there is no memory.
pub fn room_for<T>(vector: &mut Vec<T>, count: usize) -> Result<(), Errno> {
    without(|| vector.try_reserve_exact(count)).map_err(|_| Errno::ENOMEM)
}

/// An empty vector with room for `count`. [`Errno::ENOMEM`] when there is no memory.
pub fn with_room_for<T>(count: usize) -> Result<Vec<T>, Errno> {
    let mut vector = Vec::new();
    room_for(&mut vector, count)?;
    Ok(vector)
}

/// Whether the running task does such work.
pub(crate) fn goes_without() -> bool {
    mine(|task| task.goes_without.load(Relaxed)).unwrap_or(false)
}

/// The running task has memory for sure from now on, or has not any more.
pub(crate) fn has_claim(is_sure: bool) {
    mine(|task| task.is_sure.store(is_sure, Relaxed));
}

/// Whether it has.
pub(crate) fn is_sure() -> bool {
    mine(|task| task.is_sure.load(Relaxed)).unwrap_or(false)
}

/// While the machine boots there is no task yet.
fn mine<R>(ask: impl FnOnce(&table::Task) -> R) -> Option<R> {
    table::find(queue::current()).map(ask)
}
