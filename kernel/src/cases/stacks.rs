//! Stacks of tasks: guarded, used again, and walked along the frame pointers.

use alloc::format;
use alloc::sync::Arc;
use core::hint::black_box;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use crate::arch::{paging, smp};
use crate::mm::backtrace::{self, frame_pointer};
use crate::mm::stacks;
use crate::param::{MAX_TASKS, TASK_STACK};
use crate::{frames, layout};

use super::case::{holds, same};
use super::{Answer, crew};

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

crate::case! {
    "backtrace::frames-lie-in-the-text" => here;
    "backtrace::each-call-is-a-frame" => deeper;
    "backtrace::ends-on-every-stack" => everywhere;
}

const ROOM: usize = 64;

#[inline(never)]
fn frames() -> usize {
    let mut addresses = [0; ROOM];
    let count = backtrace::capture(&mut addresses);
    let text = layout::text();
    if addresses[..count].iter().all(|&address| text.contains(&(address as u64))) { count } else { 0 }
}

fn here() -> Answer {
    let count = frames();
    holds("there are several frames, all in the text", (3..ROOM).contains(&count))
}

#[inline(never)]
fn descend(depth: usize) -> usize {
    match depth {
        0 => frames(),
        _ => black_box(descend(black_box(depth - 1))),
    }
}

fn deeper() -> Answer {
    let shallow = descend(1);
    same("frames of ten calls more", descend(11), shallow + 10)
}

fn everywhere() -> Answer {
    let ends = crew::count(|_| (2..ROOM).contains(&frames()))?;
    same("CPUs on which a task's backtrace ends", ends, smp::cpus())
}
