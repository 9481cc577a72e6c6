//! A task that sleeps where it must not, in a driver: nothing has gone wrong yet, so it goes on (Linux:
//! `__might_sleep`).

use core::fmt::Write;

use kcore::session::Slept;

use super::frames::{self, Lines};
use crate::mm::backtrace;
use crate::task;

/// Return addresses that are shown.
const DEPTH: usize = 16;

/// Says so, and how the task came there.
pub fn say(slept: &Slept) {
    let _ = writeln!(Lines::default(), "{}", slept.bug(task::name_of(slept.actor.task)));
    let mut addresses = [0; DEPTH];
    let count = backtrace::capture(&mut addresses);
    frames::print(&addresses.map(|address| address as u64)[..count], false);
}
