//! Stack frames of drivers: behind the arrays of each lies a word that the compiler puts there, and looks at
//! before the function returns.
//!
//! That word is what decides: what is about to be written over one is only kept in mind, since such a word may lie
//! about where a function has returned. If one turns out to be overwritten, it is known at which line.

use core::fmt::Write;
use core::ops::Range;

use kcore::class;
use kcore::machine::{Sched, TaskId};
use kcore::module::Wrong;
use kcore::place::Place;
use kcore::report::place;

use super::access::{Use, name_of};
use super::finding::wrong;
use crate::machine::{Kernel, SpinLock};
use crate::mm::stacks;
use crate::symbols::sites;

/// The word: with a zero in it, so that no text goes over it unnoticed.
pub(super) const GUARD: u64 = 0x9e37_79b9_7f4a_7c00;

/// What was written over such a word last.
#[derive(Clone, Copy)]
struct Over {
    task: TaskId,
    word: usize,
    at: Place,
}

static OVER: SpinLock<Option<Over>> = SpinLock::new(class!("what goes over a stack frame of a driver"), None);

/// A driver is about to write, perhaps over such a word.
pub(super) fn check(used: &Use<'_>) {
    const WORD: usize = size_of::<u64>();
    let Range { start, end } = used.bytes();
    let (first, end) = (start & !(WORD - 1), end.next_multiple_of(WORD));
    if used.is_read() || !stacks::contains(first as u64, (end - first) as u64) {
        return;
    }
    let word = |at: usize| core::ptr::with_exposed_provenance::<u64>(at);
    // SAFETY: these are aligned words of one mapped stack.
    let is_guard = |at: usize| unsafe { word(at).read_volatile() } == GUARD;
    if let Some(word) = (first..end).step_by(WORD).find(|at| is_guard(*at)) {
        *OVER.lock_irqsave() = Some(Over { task: Kernel::task(), word, at: used.place() });
    }
}

/// Such a word is not there any more, in the frame of the caller's caller; `frame` is the caller's frame pointer.
#[track_caller]
pub(super) fn is_overwritten(frame: u64) {
    let end = place(sites::of_driver(Place::caller()));
    let above = core::ptr::with_exposed_provenance::<usize>(frame as usize);
    // SAFETY: it is the frame pointer of the caller, where that of its own caller is.
    let above = unsafe { above.read() };
    let is_there = |over: &Over| over.task == Kernel::task() && (frame as usize..above).contains(&over.word);
    // Nothing is said with the lock in hand.
    let over = OVER.lock_irqsave().take();
    match over.filter(is_there) {
        Some(Over { at, .. }) => wrong(Wrong::Beyond, |text| {
            write!(
                text,
                "{} at {} writes behind an array on the stack, as is seen at {end}",
                name_of(at),
                place(at)
            )
        }),
        None => {
            wrong(Wrong::Beyond, |text| {
                write!(text, "something was written behind an array on the stack before {end}")
            });
        }
    }
}
