//! Time (`linux/jiffies.h`, `linux/delay.h`).

use core::ffi::{c_long, c_uint, c_ulong};

use kcore::machine::{Cpu, Sched, Sleep};

use super::bug::may_sleep;
use crate::machine::Kernel;
use crate::module::later;
use crate::observe::explorer;
use crate::task;
use crate::time::{self, NEVER};

/// As `HZ` of `linux/jiffies.h`.
const HZ: u64 = 250;

/// Cycles of so many jiffies; none for less than that.
pub(super) fn cycles(jiffies: c_long) -> u64 {
    time::microseconds((jiffies.max(0) as u64).saturating_mul(1_000_000 / HZ))
}

/// The moment at which that jiffy begins.
pub(super) fn moment(jiffies: u64) -> u64 {
    jiffies.saturating_mul(time::microseconds(1_000_000 / HZ).max(1)).min(NEVER - 1)
}

/// Jiffies in so many cycles.
pub(super) fn jiffies_in(cycles: u64) -> u64 {
    cycles / time::microseconds(1_000_000 / HZ).max(1)
}

/// Sleeps for so many microseconds.
fn sleep(microseconds: u64) {
    match explorer::sleeps_until(Kernel::cycles().saturating_add(time::microseconds(microseconds))) {
        Some(NEVER) => Kernel::block(),
        Some(_) => task::sleep(microseconds),
        None => later::pass(microseconds.div_ceil(1_000_000 / HZ)),
    }
}

pub(in crate::module) extern "C" fn msleep(milliseconds: c_uint) {
    may_sleep("msleep");
    sleep(u64::from(milliseconds) * 1000);
}

pub(in crate::module) extern "C" fn msleep_interruptible(milliseconds: c_uint) -> c_ulong {
    may_sleep("msleep_interruptible");
    let end = Kernel::cycles().saturating_add(time::microseconds(u64::from(milliseconds) * 1000));
    let Some(end) = explorer::sleeps_until(end) else { return 0 };
    while !Kernel::is_past(end) {
        if Kernel::interrupted(Sleep::Interruptible) {
            return (end.saturating_sub(Kernel::cycles()) / time::microseconds(1000).max(1)).max(1);
        }
        Kernel::block_until(end);
    }
    0
}

pub(in crate::module) extern "C" fn usleep_range(least: c_ulong, _most: c_ulong) {
    may_sleep("usleep_range");
    sleep(least);
}

pub(in crate::module) extern "C" fn udelay(microseconds: c_ulong) {
    let end = Kernel::cycles().saturating_add(time::microseconds(microseconds));
    while !Kernel::is_past(end) {
        Kernel::relax();
    }
}

/// Nanoseconds since the start.
pub(in crate::module) extern "C" fn ktime_get() -> i64 {
    match later::now() {
        Some(jiffies) => (jiffies * (1_000_000_000 / HZ)) as i64,
        None => time::in_microseconds(Kernel::cycles()) as i64 * 1000,
    }
}
