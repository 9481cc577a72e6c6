//! Tasks of a driver's own (`linux/kthread.h`).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::ffi::{c_int, c_long};
use core::sync::atomic::Ordering::Relaxed;
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
use crate::module::finding::{finding, left};
use crate::task::table::State;
use crate::task::{self, listing, schedule, spawn};

/// A task that a driver has made. C has the address of `task`. It stays where it is until the task has ended.
#[repr(C)]
pub(in crate::module) struct Thread {
    task: Task,
    name: String,
    /// Its code stays where it is.
    driver: Arc<Driver>,
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
    let driver = call::here().driver;
    let thread = Box::new(Thread { task: Task::new(&name), name: name.clone(), driver: driver.shared() });
    let at = (&raw const *thread).expose_provenance();
    let Ok(handle) = spawn::spawn_mortal(&name, cpu, move || begin(at, function, data)) else {
        return Errno::ENOMEM.code() as isize;
    };
    thread.task.is_of(handle.id());
    driver.registered(|mine| mine.threads.push((thread, handle.orphaned())));
    at as isize
}

/// The life of one.
fn begin(at: usize, function: usize, data: usize) -> c_int {
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
    // SAFETY: `kthread_create` has it from the driver, as such a function (I23).
    let function = unsafe { mem::transmute::<usize, extern "C" fn(usize) -> c_int>(function) };
    call::enter_as(&thread.task, &thread.driver, Credentials::ROOT, Memory::None, || function(data))
}

pub(in crate::module) extern "C" fn kthread_should_stop() -> bool {
    task::should_stop()
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
    thread.task.wakes();
    handle.stop()
}

/// Ends the task, which is one of these.
pub(in crate::module) extern "C" fn kthread_exit(code: c_long) -> ! {
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
        let id = handle.id();
        if listing::state_of(id).is_none_or(|state| state == State::Ended) {
            handle.join();
        } else {
            left(driver, format_args!("its task {} ({}) still runs (kthread_stop)", id.0, thread.name));
            mem::forget(thread);
        }
    }
}
