//! What a task leaves behind that dies alone ([`oops`](crate::oops)), and what becomes of it.
//!
//! Nothing on its stack is dropped. So whatever others wait for is known elsewhere, and is seen to here, by
//! what is left of the task:
//!
//! ```text
//! at once                    its lines go to the screen again                                process::output
//!                            neither a probe nor an unplugged device waits for it            observe, kcore::dev::Cdev
//!                            the kernel's own mutexes are given back                         kcore::sync::own
//! on the rest of its stack   the tasks that it has started, and lent its frames, are given up and joined
//!                            the experiment that it ran, or the seats that it offered, are over
//! from the top of its stack  its files are closed, those of devices last
//!                            it is no process any more
//! ```
//!
//! A driver may break in `release`, too. So the dead is mortal again while it closes its files: each has left
//! the table of the process before it is closed, so the next death goes on with the next file. And it never
//! waits for a lock of a dead task, such as itself.

use core::sync::atomic::Ordering::Relaxed;

use crate::arch::switch;
use crate::experiments;
use crate::mm::backtrace;
use crate::mm::stacks;
use crate::observe::participant;
use crate::process::{output, table as processes};
use crate::task::{doom, mortal, schedule, spawn};

/// From now on what a dead task leaves behind is seen to here.
pub fn init() {
    mortal::SETTLE.set(settle);
}

/// The running task is dead: sees to what it leaves behind, and ends it with `code`, or with what it has died
/// of before.
fn settle(code: i32) -> ! {
    mortal::dies(code);
    let task = schedule::this_task();
    task.mortal.store(false, Relaxed);
    output::died();
    participant::leave();
    let device = mortal::inside(None);
    device.into_iter().for_each(|device| device.call_died());
    doom::leave_all();
    task.held.forget_observed();
    if processes::known(task.id()).is_none() {
        schedule::end(task.code.load(Relaxed));
    }
    spawn::give_up_children();
    experiments::died();
    if task.standing.load(Relaxed) > 0 {
        task.keeps_stack.store(true, Relaxed);
        bury();
    }
    // SAFETY: a task that was spawned has a stack from the pool, and this is its top. What lies on it is used
    // by no task: those that had borrowed of it are joined, no node of a queue is there, and the dead does
    // not come back.
    unsafe { switch::restart(task.stack_top(), bury) }
}

/// Closes the files of the dead, and ends it.
extern "C" fn bury() -> ! {
    let task = schedule::this_task();
    if let Some(known) = processes::known(task.id()) {
        task.mortal.store(true, Relaxed);
        while has_room() && known.process.close_one() {}
        task.mortal.store(false, Relaxed);
    }
    processes::forget(task.id());
    schedule::end(task.code.load(Relaxed))
}

/// Whether another death has room on the stack. Where the stack begins anew with each it has.
fn has_room() -> bool {
    stacks::left(backtrace::frame_pointer()).is_some_and(|left| left >= 2 * mortal::ROOM)
}
