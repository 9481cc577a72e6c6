//! Sleeping for a time.

use kcore::event::might_sleep;

use super::schedule;
use crate::arch::cpu;
use crate::machine::Kernel;
use crate::time;

/// Sleeps for so many microseconds at least. A signal does not end it.
#[track_caller]
pub fn sleep(microseconds: u64) {
    might_sleep::<Kernel>();
    let moment = cpu::cycles().saturating_add(time::microseconds(microseconds));
    while cpu::cycles() < moment {
        schedule::block_until(moment);
    }
}
