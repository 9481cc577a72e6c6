//! Tasklets (`linux/interrupt.h`).

use core::ffi::c_int;
use core::ops::Range;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use alloc::vec::Vec;
use kcore::class;

use super::bug::may_sleep;
use crate::irq::Tasklet;
use crate::module::access::uses;
use crate::module::driver::Driver;
use crate::module::finding::finding;
use crate::module::later::{self, Kind, Order};
use crate::module::records::{Record, Records};
use crate::param::MAX_TASKLETS;

/// `struct tasklet_struct`. What it calls is given its address, or its data.
#[repr(C)]
pub(in crate::module) struct CTasklet {
    function: usize,
    data: usize,
    disabled: AtomicI32,
    takes_itself: c_int,
}

static TASKLETS: Records<Tasklet> = Records::new(class!("records of tasklets"), || {
    (0..MAX_TASKLETS / 2).map(|index| Record::new(Tasklet::new(run, index))).collect::<Vec<_>>()
});

/// They are made when a driver is loaded.
pub(in crate::module) fn make() {
    TASKLETS.make();
}

/// Calls the function of a tasklet.
fn run(index: usize) {
    TASKLETS.at(index).enter(|_, owner| {
        let it = tasklet(core::ptr::with_exposed_provenance(owner));
        let argument = if it.takes_itself == 0 { it.data } else { owner };
        // SAFETY: the driver has said that it is a function that takes the one or the other (I23).
        let function = unsafe { core::mem::transmute::<usize, extern "C" fn(usize)>(it.function) };
        function(argument);
    });
}

fn tasklet<'a>(at: *const CTasklet) -> &'a CTasklet {
    // SAFETY: the driver says that it is a tasklet (I23).
    unsafe { &*at }
}

fn is_idle(tasklet: &Tasklet) -> bool {
    !tasklet.is_scheduled() && !tasklet.is_running()
}

#[track_caller]
fn record(at: *const CTasklet) -> Option<&'static Record<Tasklet>> {
    uses("the tasklet", at);
    at.expose_provenance();
    let before = TASKLETS.find(at.addr());
    let record = before.or_else(|| TASKLETS.claim(at.addr(), is_idle));
    match record {
        None => finding(format_args!("more than {} tasklets of drivers at once", MAX_TASKLETS / 2)),
        // One that was declared as disabled is so from its first use on.
        Some(record) if before.is_none() => {
            record.set_function(tasklet(at).function);
            (0..tasklet(at).disabled.load(Relaxed)).for_each(|_| disable(record));
        }
        Some(_) => {}
    }
    record
}

fn order(record: &'static Record<Tasklet>) -> Order {
    let (owner, argument) = (record.owner(), TASKLETS.index_of(record));
    let function = tasklet(core::ptr::with_exposed_provenance(owner)).function;
    Order { kind: Kind::Tasklet, owner, queue: None, call: run, argument, function, expires: 0 }
}

fn disable(record: &'static Record<Tasklet>) {
    match later::is_on() {
        true => later::disable(order(record)),
        false => record.kept.disable(),
    }
}

pub(in crate::module) unsafe extern "C" fn __tasklet_init(
    at: *mut CTasklet,
    function: usize,
    data: usize,
    takes_itself: c_int,
) {
    if let Some(record) = TASKLETS.find(at.addr()) {
        if record.kept.is_scheduled() {
            finding(format_args!("tasklet_init of a tasklet that is to run"));
        }
        release(record);
    }
    let new = CTasklet { function, data, disabled: AtomicI32::new(0), takes_itself };
    // SAFETY: the driver says that there is room for a tasklet (I23).
    unsafe { at.write(new) };
}

pub(in crate::module) extern "C" fn tasklet_schedule(at: *const CTasklet) {
    let record = record(at);
    assert!(tasklet(at).function != 0, "the tasklet at {at:p} was never initialised");
    if let Some(record) = record {
        record.set_function(tasklet(at).function);
        match later::is_on() {
            true => later::arm(order(record)),
            false => record.kept.schedule(),
        };
    }
}

pub(in crate::module) extern "C" fn tasklet_disable(at: *const CTasklet) {
    if let Some(record) = record(at) {
        tasklet(at).disabled.fetch_add(1, Relaxed);
        disable(record);
    }
}

pub(in crate::module) extern "C" fn tasklet_enable(at: *const CTasklet) {
    let Some(record) = record(at) else { return };
    if tasklet(at).disabled.load(Relaxed) <= 0 {
        return finding(format_args!("tasklet_enable of a tasklet that is not disabled"));
    }
    tasklet(at).disabled.fetch_sub(1, Relaxed);
    match later::is_on() {
        true => later::enable(Kind::Tasklet, at.addr()),
        false => record.kept.enable(),
    }
}

pub(in crate::module) extern "C" fn tasklet_kill(at: *const CTasklet) {
    may_sleep("tasklet_kill");
    if later::is_on() {
        return later::kill(Kind::Tasklet, at.addr());
    }
    if let Some(record) = TASKLETS.find(at.addr()) {
        record.kept.kill();
    }
}

/// Its structure is there no more. Where its turn still comes, nothing is called.
fn release(record: &'static Record<Tasklet>) {
    let disabled = tasklet(core::ptr::with_exposed_provenance(record.owner())).disabled.load(Relaxed);
    record.release();
    if !later::is_on() {
        (0..disabled).for_each(|_| record.kept.enable());
    }
}

/// The memory of `range` is freed: no tasklet may lie there that runs, or is to.
pub(in crate::module) fn freed(range: &Range<usize>) {
    for record in TASKLETS.within(range.clone()) {
        if !is_idle(&record.kept) {
            let function = record.named();
            finding(format_args!("a tasklet is freed that runs or is to run {function} (tasklet_kill)"));
        }
        release(record);
    }
}

/// The driver goes: none of its tasklets runs after this.
pub(in crate::module) fn take_back(driver: &Driver) {
    for record in TASKLETS.of(driver) {
        if record.kept.is_scheduled() {
            record.is_left(driver, "a tasklet is still to run (tasklet_kill):");
        }
        release(record);
        while record.kept.is_running() {
            crate::task::yield_now();
        }
    }
}
