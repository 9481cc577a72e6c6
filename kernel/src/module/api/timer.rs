//! Timers (`linux/timer.h`).

use core::ffi::{c_int, c_ulong};
use core::ops::Range;

use alloc::vec::Vec;
use kcore::class;

use super::time::moment;
use crate::arch::percpu;
use crate::irq::Timer;
use crate::module::access::uses;
use crate::module::driver::Driver;
use crate::module::finding::finding;
use crate::module::later::{self, Kind, Order};
use crate::module::records::{Record, Records};
use crate::param::MAX_TIMERS;

/// `struct timer_list`.
#[repr(C)]
pub(in crate::module) struct CTimer {
    pub(super) expires: c_ulong,
    function: usize,
    flags: u32,
    state: u32,
}

/// As `__TIMER_SET_UP` of `linux/timer.h`.
const SET_UP: u32 = 0x7135_e701;

static TIMERS: Records<Timer> = Records::new(class!("records of timers"), || {
    // Half of all: the experiments have theirs.
    (0..MAX_TIMERS / 2).map(|_| Record::new(Timer::new(fire))).collect::<Vec<_>>()
});

/// They are made when a driver is loaded.
pub(in crate::module) fn make() {
    TIMERS.make();
}

/// Calls the function of a timer.
fn fire(index: usize) {
    TIMERS.at(index).call();
}

#[track_caller]
fn timer<'a>(at: *mut CTimer) -> &'a mut CTimer {
    uses("the timer", at);
    // SAFETY: the driver says that it is a timer (I23).
    unsafe { &mut *at }
}

/// Has it run at its moment, on `cpu`. Whether it was to run before.
fn arm(at: *mut CTimer, cpu: u32) -> bool {
    let it = timer(at);
    assert!(it.state == SET_UP && it.function != 0, "the timer at {at:p} was never set up (timer_setup)");
    let Some(record) = TIMERS.claim(at.addr(), |timer| !timer.is_pending()) else {
        finding(format_args!("more than {} timers of drivers are to run: one will not", MAX_TIMERS / 2));
        return false;
    };
    record.set_function(it.function);
    if later::is_on() {
        let (kind, owner, argument) = (Kind::Timer, at.addr(), TIMERS.index_of(record));
        return !later::arm(Order {
            kind,
            owner,
            queue: None,
            call: fire,
            argument,
            function: it.function,
            expires: it.expires,
        });
    }
    let was_pending = record.kept.delete();
    record.kept.add_on(cpu, moment(it.expires), TIMERS.index_of(record));
    was_pending
}

pub(in crate::module) unsafe extern "C" fn __timer_setup(at: *mut CTimer, function: usize, flags: u32) {
    uses("the timer", at);
    if timer_pending(at) != 0 {
        finding(format_args!("timer_setup of a timer that is to run"));
        timer_delete(at);
    }
    // SAFETY: the driver says that there is room for a timer (I23).
    unsafe { at.write(CTimer { expires: 0, function, flags, state: SET_UP }) };
}

pub(in crate::module) extern "C" fn mod_timer(at: *mut CTimer, expires: c_ulong) -> c_int {
    timer(at).expires = expires;
    arm(at, percpu::this_cpu()).into()
}

pub(in crate::module) extern "C" fn add_timer(at: *mut CTimer) {
    add_timer_on(at, percpu::this_cpu() as c_int);
}

pub(in crate::module) extern "C" fn add_timer_on(at: *mut CTimer, cpu: c_int) {
    if arm(at, cpu as u32) {
        finding(format_args!("add_timer of a timer that is to run"));
    }
}

pub(in crate::module) extern "C" fn timer_delete(at: *mut CTimer) -> c_int {
    if later::is_on() {
        return later::cancel(Kind::Timer, at.addr()).into();
    }
    TIMERS.find(at.addr()).is_some_and(|record| record.kept.delete()).into()
}

pub(in crate::module) extern "C" fn timer_delete_sync(at: *mut CTimer) -> c_int {
    if later::is_on() {
        return later::cancel_sync(Kind::Timer, at.addr()).into();
    }
    TIMERS.find(at.addr()).is_some_and(|record| record.kept.delete_sync()).into()
}

pub(in crate::module) extern "C" fn timer_pending(at: *mut CTimer) -> c_int {
    if later::is_on() {
        return later::is_pending(Kind::Timer, at.addr()).into();
    }
    TIMERS.find(at.addr()).is_some_and(|record| record.kept.is_pending()).into()
}

/// The memory of `range` is freed: no timer may lie there that is to run.
pub(in crate::module) fn freed(range: &Range<usize>) {
    for record in TIMERS.within(range.clone()) {
        if record.kept.delete() {
            let function = record.named();
            finding(format_args!("a timer is freed that is to call {function} (timer_delete_sync)"));
        }
        record.release();
    }
}

/// The driver goes: none of its timers runs after this.
pub(in crate::module) fn take_back(driver: &Driver) {
    for record in TIMERS.of(driver) {
        if record.kept.delete_sync() {
            record.is_left(driver, "a timer is still to run (timer_delete_sync):");
        }
        record.release();
    }
}
