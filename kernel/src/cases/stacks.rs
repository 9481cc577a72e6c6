//! Stacks of tasks: guarded, and used again.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::{paging, smp};
use crate::frames;
use crate::mm::backtrace::frame_pointer;
use crate::mm::stacks;
use crate::param::{MAX_TASKS, TASK_STACK};

crate::case! {
    "stacks::each-has-a-guard-below" => guards;
    "stacks::are-used-again" => reuse;
}

fn guards() -> Answer {
    let guarded = crew::count(|_| {
        let page = frame_pointer() & !0xfff;
        let below = (0..=TASK_STACK as u64 / 4096).map(|pages| page - pages * 4096);
        below.into_iter().find(|&page| !paging::is_mapped(page)).is_some_and(stacks::is_guard)
    })?;
    same("CPUs whose task has a guard below its stack", guarded, smp::cpus())
}

/// One task after the other needs one stack, however many there are.
fn reuse() -> Answer {
    let highest = Arc::new(AtomicU64::new(0));
    let mut free = frames::free_bytes();
    for number in 0..2 * MAX_TASKS as u32 {
        let seen = Arc::clone(&highest);
        crew::start(number % smp::cpus(), move || {
            seen.fetch_max(frame_pointer(), Relaxed);
        })?
        .join();
        if number == 0 {
            free = frames::free_bytes();
        }
    }
    holds("the tasks had stacks", stacks::contains(highest.load(Relaxed), 8))?;
    let used = free - frames::free_bytes();
    same(&format!("bytes taken for {} tasks, one after the other", 2 * MAX_TASKS), used, 0)
}
