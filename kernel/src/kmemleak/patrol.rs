//! A search every so many seconds, by a task of its own.

use kcore::class;
use kcore::errno::Errno;

use crate::machine::SpinLock;
use crate::println;
use crate::task::{self, JoinHandle};
use crate::time;

/// The task, while there is one.
static PATROL: SpinLock<Option<JoinHandle>> = SpinLock::new(class!("kmemleak's patrol"), None);

/// Searches every `seconds` from now on. [`Errno::EAGAIN`] when no task can be started.
pub(super) fn every(seconds: u64) -> Result<(), Errno> {
    stop();
    let patrol = task::spawn_anywhere("kmemleak", move || walk(seconds)).map_err(|_| Errno::EAGAIN)?;
    let before = PATROL.lock().replace(patrol.orphaned());
    // Another task has started one meanwhile.
    if let Some(other) = before {
        other.stop();
    }
    Ok(())
}

/// Searches no more. Waits for the end of a search under way.
pub(super) fn stop() {
    let patrol = PATROL.lock().take();
    if let Some(patrol) = patrol {
        patrol.stop();
    }
}

fn walk(seconds: u64) {
    let moment = |from: u64| from.saturating_add(time::microseconds(seconds.saturating_mul(1_000_000)));
    let mut next = moment(crate::arch::cpu::cycles());
    while !task::should_stop() {
        if crate::arch::cpu::cycles() < next {
            // The task that asks for the end wakes this task.
            task::block_until(next);
            continue;
        }
        if let Err(errno) = super::control("scan") {
            println!("kmemleak: the search failed: {}", errno.name());
        }
        next = moment(crate::arch::cpu::cycles());
    }
}
