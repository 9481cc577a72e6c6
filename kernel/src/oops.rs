//! A task that dies alone: of an exception or a panic, and the machine goes on (LDD3 ch. 4, "Oops Messages";
//! Linux: `die`, `make_task_dead`).
//!
//! That is for tasks that were started as [mortal](crate::task::spawn_mortal): the crews of experiments, the
//! jobs of the shell. And only where nothing of the kernel's own is left half done:
//!
//! ```text
//! in a task, not in a handler or a softirq on top of it     else the task beneath it would die
//! with interrupts on                                        off means: a lock of the kernel's own (I7)
//! with no spinlock but observed ones                        those are the experiment's or the driver's: they stay locked
//! with few mutexes of the kernel's own                      so that each is known, and can be given back (`estate`)
//! with 10 KiB of its stack left                             or the report would be a fault of its own
//! not while it dies already                                 a fault in its own report
//! ```
//!
//! Everywhere else a fault ends the machine ([`last_words`]). A stack overflow does as well: it comes as a
//! double fault, which the manual calls an abort. The dead task's stack is abandoned, nothing on it is
//! dropped: what it owned on the heap stays allocated, what it had locked stays locked, as in Linux. Its
//! joiner is told `-EFAULT`.

pub mod exception;
pub mod frames;
pub mod last_words;
pub mod slept;

use core::fmt::Write;
use core::panic::PanicInfo;

use kcore::class;
use kcore::errno::Errno;
use kcore::wait_for::At;

use crate::arch::cpu;
use crate::arch::traps::vector;
use crate::machine::SpinLock;
use crate::mm::backtrace;
use crate::observe::{Oops, explorer, watchdog};
use crate::symbols::sites;
use crate::task::{mortal, schedule};
use crate::{println, task};

use exception::Exception;

/// How many there were, and the right to report one: reports do not mix.
static COUNT: SpinLock<u32> = SpinLock::new(class!("oops", "A task that dies, while it reports."), 0);

/// How many there were.
pub fn count() -> u32 {
    *COUNT.lock()
}

/// An exception has come. Ends the running task, if it may die alone; else returns.
pub fn exception(exception: &Exception<'_>) {
    let of_the_machine = matches!(
        exception.frame.vector,
        vector::DEBUG | vector::NMI | vector::DOUBLE_FAULT | vector::MACHINE_CHECK
    );
    if of_the_machine || !mortal::begins_to_die(exception.frame.interrupts_were_on()) {
        return;
    }
    let mut oops = Oops::here();
    // A text that does not fit is cut.
    let _ = exception.say_cause(&mut oops.what);
    oops.backtrace[0] = exception.frame.rip;
    oops.is_exact = true;
    oops.walk(exception.frame.rbp, 1);
    die(oops, Some(exception))
}

/// A panic has come. Ends the running task, if it may die alone; else returns.
pub fn panic(info: &PanicInfo<'_>) {
    if !mortal::begins_to_die(cpu::irq_are_on()) {
        return;
    }
    let mut oops = Oops::here();
    let _ = write!(oops.what, "panic: {}", info.message());
    if let Some(place) = info.location() {
        let _ = write!(oops.at, "{}:{}", place.file(), place.line());
    }
    oops.walk(backtrace::frame_pointer(), 0);
    // What panics for a driver may have made no step since an earlier line of it.
    if let Some(at) = oops.addresses().iter().find_map(|address| sites::at(*address)) {
        explorer::dies_at(at);
    }
    die(oops, None)
}

fn die(oops: Oops, exception: Option<&Exception<'_>>) -> ! {
    // The task is one like any other again: an interrupt finds no lock taken that it wants.
    cpu::irq_on();
    // What is to be said goes to the screen, and not into the driver that it may have died of.
    mortal::dies(Errno::EFAULT.code());
    report(&oops, exception);
    task::remember_death(oops.task);
    watchdog::died(oops);
    mortal::settle(Errno::EFAULT.code())
}

/// The report on COM1, in the manner of Linux.
fn report(oops: &Oops, exception: Option<&Exception<'_>>) {
    let mut count = COUNT.lock();
    *count += 1;
    if explorer::is_hushed() {
        return;
    }
    let name = task::name_of(oops.task);
    println!();
    println!("oops #{} on CPU {}, task {} ({name}): {}", *count, oops.cpu, oops.task.0, oops.what.as_str());
    if !oops.at.as_str().is_empty() {
        println!("  at {}", oops.at.as_str());
    }
    if let Some(exception) = exception {
        // The console takes everything.
        let _ = exception.say_registers(&mut frames::Lines::default());
    }
    println!("backtrace:");
    frames::print(oops.addresses(), oops.is_exact);
    for lock in schedule::this_task().held.observed() {
        println!("it has {}{}: nobody will give that back", lock.name, At(" since ", Some(lock.at)));
    }
    println!("task {} ({name}) ends with {}; the machine goes on", oops.task.0, Errno::EFAULT);
}
