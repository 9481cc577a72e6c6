//! Walks along the frame pointers.

use core::hint::black_box;

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::smp;
use crate::layout;
use crate::mm::backtrace;

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
