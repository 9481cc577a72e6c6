//! Tasks of a driver's own (`linux/kthread.h`).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::ffi::{c_int, c_long};
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use core::{mem, ptr};

use kcore::dev::Credentials;
use kcore::errno::Errno;
use kcore::machine::Sched;

use super::bug::may_sleep;
use super::completion::{CCompletion, complete};
use super::printk::Passed;
use crate::arch::variadic::{VaList, variadic};
use crate::machine::Kernel;
use crate::module::call::{self, Memory, Task};
use crate::module::driver::Driver;
use crate::module::faults::{self, Failing};
use crate::module::finding::{finding, left};
use crate::module::later::{self, Kind, Order};
use crate::observe::explorer;
use crate::task::table::State;
use crate::task::{self, listing, schedule, spawn};

/// A task that a driver has made. C has the address of `task`. It stays where it is until the task has ended.
#[repr(C)]
pub(in crate::module) struct Thread {
    task: Task,
    name: String,
    /// Its code stays where it is.
    driver: Arc<Driver>,
    /// What it calls, and with what.
    function: usize,
    data: usize,
    /// It is to end, where a part of an execution does it, and what it has returned then.
    is_to_stop: AtomicBool,
    code: AtomicI32,
}

variadic! {
    __scullery_kthread => made;
}

/// (function, data, CPU or -1, form, ...): a task that begins when it is woken first.
unsafe extern "C" fn made(list: &mut VaList) -> isize {
    may_sleep("kthread_create");
    let mut passed = Passed::new(list);
    let (function, data) = (passed.pointer::<()>().addr(), passed.pointer::<()>().addr());
    let cpu = passed.pointer::<()>().addr() as c_int;
    let name = passed.text_of_form();
    let cpu = if cpu < 0 { spawn::least_busy_cpu() } else { cpu as u32 };
    if faults::fails(Failing::Memory) {
        return Errno::ENOMEM.code() as isize;
    }
    let driver = call::here().driver;
    let thread = Box::new(Thread {
        task: Task::new(&name),
        name: name.clone(),
        driver: driver.shared(),
        function,
        data,
        is_to_stop: AtomicBool::new(false),
        code: AtomicI32::new(Errno::EINTR.code()),
    });
    let at = (&raw const *thread).expose_provenance();
    if later::is_on() {
        thread.task.is_to_begin.store(true, Relaxed);
        driver.registered(|mine| mine.threads.push((thread, None)));
        return at as isize;
    }
    let Ok(handle) = spawn::spawn_mortal(&name, cpu, move || begin(at)) else {
        return Errno::ENOMEM.code() as isize;
    };
    thread.task.is_of(handle.id());
    driver.registered(|mine| mine.threads.push((thread, Some(handle.orphaned()))));
    at as isize
}

/// The life of one.
fn begin(at: usize) -> c_int {
    // SAFETY: it is there until this task has ended.
    let thread = unsafe { &*ptr::with_exposed_provenance::<Thread>(at) };
    while !thread.task.is_woken.swap(false, Relaxed) {
        if task::should_stop() {
            return Errno::EINTR.code();
        }
        Kernel::block_until(crate::time::NEVER);
    }
    if task::should_stop() {
        return Errno::EINTR.code();
    }
    thread.call()
}

impl Thread {
    fn call(&self) -> c_int {
        // SAFETY: `kthread_create` has it from the driver, as such a function (I23).
        let function = unsafe { mem::transmute::<usize, extern "C" fn(usize) -> c_int>(self.function) };
        call::enter_as(&self.task, &self.driver, Credentials::ROOT, Memory::None, || function(self.data))
    }
}

/// The one at `at` was woken first, and a part of the execution does what it does.
pub(in crate::module) fn begins(at: usize) {
    // SAFETY: it is there until this task has ended.
    let function = unsafe { &*ptr::with_exposed_provenance::<Thread>(at) }.function;
    later::arm(Order {
        kind: Kind::Thread,
        owner: at,
        queue: None,
        call: play,
        argument: at,
        function,
        expires: 0,
    });
}

/// The running task does what the one at `at` is to do.
fn play(at: usize) {
    // SAFETY: it is there until this has ended.
    let thread = unsafe { &*ptr::with_exposed_provenance::<Thread>(at) };
    thread.task.is_of(Kernel::task());
    thread.task.is_woken.store(false, Relaxed);
    thread.code.store(thread.call(), Relaxed);
}

/// Ends the one at `at`, which a part of the execution does; what it has returned.
fn stop(thread: &Thread, at: usize) -> c_int {
    // If it has not begun, it never will.
    let was_to_begin = later::cancel(Kind::Thread, at) || thread.task.is_to_begin.load(Relaxed);
    thread.is_to_stop.store(true, Relaxed);
    if !was_to_begin {
        thread.task.wakes();
    }
    later::exclusively(at, || {});
    thread.code.load(Relaxed)
}

pub(in crate::module) extern "C" fn kthread_should_stop() -> bool {
    if !later::is_on() {
        return task::should_stop();
    }
    let task = call::here().task;
    let at = (&raw const *task).addr();
    if !later::runs(at) {
        return false;
    }
    later::is_pending(Kind::Thread, at);
    // SAFETY: it is there until its task has ended, and was made with the provenance of all of it.
    unsafe { &*ptr::with_exposed_provenance::<Thread>(at) }.is_to_stop.load(Relaxed)
}

pub(in crate::module) extern "C" fn kthread_stop(at: *const Thread) -> c_int {
    may_sleep("kthread_stop");
    let driver = call::here().driver;
    let thread = driver.registered(|mine| {
        let index = mine.threads.iter().position(|(thread, _)| ptr::eq(&raw const **thread, at))?;
        Some(mine.threads.swap_remove(index))
    });
    let Some((thread, handle)) = thread else {
        finding(format_args!("kthread_stop of what is no task of {}, or none any more", driver.name));
        return Errno::EINTR.code();
    };
    let Some(handle) = handle else { return stop(&thread, at.addr()) };
    thread.task.wakes();
    handle.stop()
}

/// Ends the task, which is one of these.
pub(in crate::module) extern "C" fn kthread_exit(code: c_long) -> ! {
    explorer::cannot("a task of a driver's that ends by kthread_exit");
    schedule::this_task().call.store(0, Relaxed);
    schedule::end(code as c_int)
}

pub(in crate::module) extern "C" fn kthread_complete_and_exit(at: *const CCompletion, code: c_long) -> ! {
    if !at.is_null() {
        complete(at);
    }
    kthread_exit(code)
}

/// The driver goes. A task that has not ended keeps the code where it is, and is named.
pub(in crate::module) fn take_back(driver: &Driver) {
    for (thread, handle) in driver.registered(|mine| mem::take(&mut mine.threads)) {
        let Some(handle) = handle else { continue };
        let id = handle.id();
        if listing::state_of(id).is_none_or(|state| state == State::Ended) {
            handle.join();
        } else {
            left(driver, format_args!("its task {} ({}) still runs (kthread_stop)", id.0, thread.name));
            mem::forget(thread);
        }
    }
}
