//! Sleeping for a time.

use super::schedule;
use crate::arch::cpu;
use crate::{time, watchdog};

/// Sleeps for so many microseconds at least. A signal does not end it.
#[track_caller]
pub fn sleep(microseconds: u64) {
    watchdog::might_sleep();
    let moment = cpu::cycles().saturating_add(time::microseconds(microseconds));
    while cpu::cycles() < moment {
        schedule::block_until(moment);
    }
}
