//! Blocks of a library that keeps them for ever, for itself: the line tables.
//!
//! They are made of values that were moved about, with room in them that was never written, where lies what the stack had there
//! before: addresses of blocks that are gone. Whatever gets such an address afterwards would never be found lost, as long as
//! these blocks are searched word by word. They lead to nothing but one another, so they are not searched; nor are they reported.

use core::sync::atomic::Ordering::Relaxed;

use crate::task::{queue, table};

/// Does `work`, all of whose blocks are a library's that keeps them, or are gone when it is done.
pub(crate) fn kept<R>(work: impl FnOnce() -> R) -> R {
    let Some(task) = table::find(queue::current()) else { return work() };
    let before = task.keeps.swap(true, Relaxed);
    let result = work();
    task.keeps.store(before, Relaxed);
    result
}

/// Whether the running task does such work.
pub(super) fn is_on() -> bool {
    table::find(queue::current()).is_some_and(|task| task.keeps.load(Relaxed))
}
