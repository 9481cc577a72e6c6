//! Works and work queues (`linux/workqueue.h`).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{c_uint, c_ulong};
use core::ops::Range;
use core::ptr;

use kcore::class;
use kcore::sync::{Own, WaitQueue};

use super::bug::may_sleep;
use super::printk::Passed;
use super::time::jiffies_in;
use super::timer::{CTimer, mod_timer, timer_delete, timer_delete_sync};
use crate::arch::smp;
use crate::arch::variadic::{VaList, variadic};
use crate::irq::{Work, WorkQueue};
use crate::machine::{Kernel, SpinLock};
use crate::module::access::uses;
use crate::module::call;
use crate::module::driver::Driver;
use crate::module::faults::{self, Failing};
use crate::module::finding::{finding, left};
use crate::module::later::{self, Kind, Order};
use crate::module::records::{Record, Records};
use crate::observe::explorer;
use crate::param::MAX_WORKS;
use kcore::machine::Cpu;

/// `struct work_struct`.
#[repr(C)]
pub(in crate::module) struct CWork {
    function: usize,
}

/// `struct delayed_work`.
#[repr(C)]
pub(in crate::module) struct CDelayed {
    work: CWork,
    timer: CTimer,
    queue: *const WorkQueue,
}

/// A queue of a driver's own, and whether its works are done one after the other.
pub(in crate::module) struct Made {
    name: String,
    queue: Box<WorkQueue>,
    is_ordered: bool,
}

/// How far a work is.
#[derive(Clone, Copy, Default)]
struct State {
    /// It waits in a queue, or for its timer.
    is_pending: bool,
    runs: bool,
    /// Its turn came while it ran: the worker that runs it runs it again.
    again: bool,
}

struct Kept {
    state: SpinLock<State>,
    /// Those that wait for its end.
    ended: WaitQueue<Kernel, Own>,
}

static WORKS: Records<Kept> = Records::new(class!("records of works"), || {
    let kept = || Kept {
        state: SpinLock::new(class!("state of a work"), State::default()),
        ended: WaitQueue::new(Own(class!("end of a work of a driver"))),
    };
    (0..MAX_WORKS / 2).map(|_| Record::new(kept())).collect::<Vec<_>>()
});

variadic! {
    __scullery_queue => queue_made;
}

/// They are made when a driver is loaded.
pub(in crate::module) fn make() {
    WORKS.make();
}

impl Kept {
    fn is_idle(&self) -> bool {
        let state = *self.state.lock_irqsave();
        !state.is_pending && !state.runs
    }

    /// Whether it was not pending; it is now.
    fn becomes_pending(&self) -> bool {
        !core::mem::replace(&mut self.state.lock_irqsave().is_pending, true)
    }

    /// It is not to run. Whether it was.
    fn cancel(&self) -> bool {
        core::mem::take(&mut self.state.lock_irqsave().is_pending)
    }

    /// Whether it begins now, on this worker.
    fn begins(&self) -> bool {
        let mut state = self.state.lock_irqsave();
        if state.runs {
            state.again = state.is_pending;
            return false;
        }
        state.runs = core::mem::take(&mut state.is_pending);
        state.runs
    }

    /// It has ended. Whether it is to begin again.
    fn ends(&self) -> bool {
        let mut state = self.state.lock_irqsave();
        state.runs = false;
        core::mem::take(&mut state.again)
    }
}

/// Calls the function of a work, of which it is known that it is to run.
fn call(index: usize) {
    WORKS.at(index).call();
}

/// Where a queue is, of which null is the driver's own.
fn address_of(queue: *const WorkQueue) -> usize {
    let own = || call::here().driver.works.get().map_or(0, |queue| ptr::from_ref(queue).addr());
    if queue.is_null() { own() } else { queue.addr() }
}

/// Has it done by a part of the execution, in which how long that takes makes no difference.
fn arm(record: &'static Record<Kept>, queue: *const WorkQueue, delay: u64) -> bool {
    let is_ordered = call::here().driver.registered(|mine| {
        mine.queues.iter().any(|made| made.is_ordered && ptr::eq(&raw const *made.queue, queue))
    });
    let (owner, argument, function) = (record.owner(), WORKS.index_of(record), record.function());
    let queue = Some((address_of(queue), is_ordered));
    let expires = later::now().unwrap_or(0).saturating_add(delay);
    later::arm(Order { kind: Kind::Work, owner, queue, call, argument, function, expires })
}

/// Calls the function of a work, if it is still to run.
fn run(index: usize) {
    let record = WORKS.at(index);
    while record.kept.begins() {
        record.call();
        let again = record.kept.ends();
        record.kept.ended.wake_up_all();
        if !again {
            break;
        }
    }
}

/// The record of a work, which the driver is about to queue.
#[track_caller]
fn record(at: *const CWork) -> Option<&'static Record<Kept>> {
    uses("the work", at);
    // SAFETY: the driver says that it is a work (I23).
    let function = unsafe { (*at).function };
    assert!(function != 0, "the work at {at:p} was never initialised (INIT_WORK)");
    let record = WORKS.claim(at.addr(), |kept| kept.is_idle());
    match record {
        None => {
            finding(format_args!("more than {} works of drivers are to run: one will not", MAX_WORKS / 2))
        }
        Some(record) => record.set_function(function),
    }
    record
}

/// Puts it into a queue, of which null is the driver's own.
fn put(record: &'static Record<Kept>, queue: *const WorkQueue) {
    // SAFETY: it is null or a queue of the driver's (I23).
    let queue = unsafe { queue.as_ref() }.or_else(|| call::here().driver.works.get());
    let queue = queue.expect("a driver that queues works has a queue");
    if queue.queue(Work::Call(run, WORKS.index_of(record))).is_err() {
        record.kept.cancel();
        finding(format_args!("{MAX_WORKS} works wait in a queue: one more is lost"));
    }
}

pub(in crate::module) extern "C" fn queue_work(queue: *const WorkQueue, at: *const CWork) -> bool {
    let Some(record) = record(at) else { return false };
    if later::is_on() {
        return arm(record, queue, 0);
    }
    let is_new = record.kept.becomes_pending();
    if is_new {
        put(record, queue);
    }
    is_new
}

fn delayed<'a>(at: *mut CDelayed) -> &'a mut CDelayed {
    // SAFETY: the driver says that it is a delayed work (I23).
    unsafe { &mut *at }
}

fn work_of(at: *mut CDelayed) -> *const CWork {
    at.cast()
}

fn timer_of(at: *mut CDelayed) -> *mut CTimer {
    at.wrapping_byte_add(core::mem::offset_of!(CDelayed, timer)).cast()
}

pub(in crate::module) extern "C" fn queue_delayed_work(
    queue: *const WorkQueue,
    at: *mut CDelayed,
    delay: c_ulong,
) -> bool {
    let Some(record) = record(work_of(at)) else { return false };
    if later::is_on() {
        return arm(record, queue, delay);
    }
    if !record.kept.becomes_pending() {
        return false;
    }
    if delay == 0 {
        put(record, queue);
    } else {
        delayed(at).queue = queue;
        mod_timer(timer_of(at), jiffies_in(Kernel::cycles()).saturating_add(delay));
    }
    true
}

pub(in crate::module) extern "C" fn mod_delayed_work(
    queue: *const WorkQueue,
    at: *mut CDelayed,
    delay: c_ulong,
) -> bool {
    let was_pending = cancel_delayed_work(at);
    queue_delayed_work(queue, at, delay);
    was_pending
}

/// What the timer of a delayed work calls.
pub(in crate::module) extern "C" fn __scullery_delayed(timer: *mut CTimer) {
    let at = timer.wrapping_byte_sub(core::mem::offset_of!(CDelayed, timer)).cast::<CDelayed>();
    // It may have been cancelled meanwhile.
    if let Some(record) = WORKS.find(at.addr()).filter(|record| record.kept.state.lock_irqsave().is_pending) {
        put(record, delayed(at).queue);
    }
}

/// Waits until it neither runs nor is to.
fn wait(record: &'static Record<Kept>) {
    record.kept.ended.wait_event(|| record.kept.is_idle());
}

pub(in crate::module) extern "C" fn flush_work(at: *const CWork) -> bool {
    may_sleep("flush_work");
    uses("the work", at);
    if later::is_on() {
        return later::flush(Kind::Work, at.addr());
    }
    let Some(record) = WORKS.find(at.addr()).filter(|record| !record.kept.is_idle()) else { return false };
    wait(record);
    true
}

pub(in crate::module) extern "C" fn flush_delayed_work(at: *mut CDelayed) -> bool {
    if !later::is_on() && timer_delete_sync(timer_of(at)) != 0 {
        __scullery_delayed(timer_of(at));
    }
    flush_work(work_of(at))
}

pub(in crate::module) extern "C" fn cancel_work(at: *const CWork) -> bool {
    if later::is_on() {
        return later::cancel(Kind::Work, at.addr());
    }
    WORKS.find(at.addr()).is_some_and(|record| record.kept.cancel())
}

pub(in crate::module) extern "C" fn cancel_work_sync(at: *const CWork) -> bool {
    may_sleep("cancel_work_sync");
    if later::is_on() {
        return later::cancel_sync(Kind::Work, at.addr());
    }
    let Some(record) = WORKS.find(at.addr()) else { return false };
    let was_pending = record.kept.cancel();
    record.kept.ended.wait_event(|| {
        // It may have queued itself again meanwhile.
        record.kept.cancel();
        record.kept.is_idle()
    });
    was_pending
}

pub(in crate::module) extern "C" fn cancel_delayed_work(at: *mut CDelayed) -> bool {
    if !later::is_on() {
        timer_delete(timer_of(at));
    }
    cancel_work(work_of(at))
}

pub(in crate::module) extern "C" fn cancel_delayed_work_sync(at: *mut CDelayed) -> bool {
    if later::is_on() {
        return cancel_work_sync(work_of(at));
    }
    timer_delete_sync(timer_of(at));
    let was_pending = cancel_work_sync(work_of(at));
    timer_delete_sync(timer_of(at));
    was_pending
}

pub(in crate::module) extern "C" fn work_pending(at: *const CWork) -> bool {
    if later::is_on() {
        return later::is_pending(Kind::Work, at.addr());
    }
    WORKS.find(at.addr()).is_some_and(|record| record.kept.state.lock_irqsave().is_pending)
}

pub(in crate::module) extern "C" fn work_busy(at: *const CWork) -> c_uint {
    if later::is_on() {
        return (later::is_pending(Kind::Work, at.addr()) || later::runs(at.addr())).into();
    }
    WORKS.find(at.addr()).is_some_and(|record| !record.kept.is_idle()).into()
}

/// A queue of the driver that makes the call: (workers, form, ...). 0 workers is one for each CPU.
unsafe extern "C" fn queue_made(list: &mut VaList) -> *const WorkQueue {
    let mut passed = Passed::new(list);
    let workers = passed.pointer::<()>().addr() as u32;
    let name = passed.text_of_form();
    let is_ordered = workers == 1;
    let workers = if workers == 0 { smp::cpus() } else { workers.min(smp::cpus()) };
    let driver = call::here().driver;
    if faults::fails(Failing::Memory) {
        return ptr::null();
    }
    let Ok(queue) = WorkQueue::of_mortals(&name, workers) else { return ptr::null() };
    let queue = Box::new(queue);
    let at = ptr::from_ref(&*queue);
    driver.registered(|mine| mine.queues.push(Made { name, queue, is_ordered }));
    at
}

pub(in crate::module) extern "C" fn destroy_workqueue(queue: *const WorkQueue) {
    may_sleep("destroy_workqueue");
    let driver = call::here().driver;
    let its = driver.registered(|mine| {
        let at = mine.queues.iter().position(|made| ptr::eq(&raw const *made.queue, queue))?;
        Some(mine.queues.swap_remove(at))
    });
    match its {
        Some(made) => {
            if later::is_on() {
                flush_all(queue);
            }
            explorer::unheard(|| made.queue.stop());
        }
        None => finding(format_args!("destroy_workqueue of what is no queue of {}", driver.name)),
    }
}

pub(in crate::module) extern "C" fn flush_workqueue(queue: *const WorkQueue) {
    may_sleep("flush_workqueue");
    if later::is_on() {
        return flush_all(queue);
    }
    // SAFETY: it is null or a queue of the driver's (I23).
    if let Some(queue) = unsafe { queue.as_ref() }.or_else(|| call::here().driver.works.get()) {
        queue.flush();
    }
}

/// Waits until all works are done that a part of the execution is to do for `queue`.
fn flush_all(queue: *const WorkQueue) {
    later::flush_all(address_of(queue));
}

/// The memory of `range` is freed: no work may lie there that runs, or is to; but one that frees itself.
pub(in crate::module) fn freed(range: &Range<usize>) {
    for record in WORKS.within(range.clone()) {
        let runs = record.kept.state.lock_irqsave().runs;
        if record.kept.cancel() {
            let function = record.named();
            finding(format_args!("a work is freed that is to run {function} (cancel_work_sync)"));
        }
        if !runs {
            record.release();
        }
    }
}

/// The driver goes: none of its works runs after this, and none of its queues is there.
pub(in crate::module) fn take_back(driver: &Driver) {
    for record in WORKS.of(driver) {
        if record.kept.cancel() {
            record.is_left(driver, "a work is still to run (cancel_work_sync):");
        }
        wait(record);
        record.release();
    }
    for Made { name, queue, .. } in driver.registered(|mine| core::mem::take(&mut mine.queues)) {
        left(driver, format_args!("the work queue {name} is still there (destroy_workqueue)"));
        queue.stop();
    }
}
