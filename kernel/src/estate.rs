//! What a task leaves behind that dies alone ([`oops`](crate::oops)), and what becomes of it.
//!
//! Nothing on its stack is dropped. So whatever others wait for is known elsewhere, and is seen to here, by what is left of the
//! task:
//!
//! ```text
//! at once                    its lines go to the screen again                                process::output
//!                            neither a probe nor an unplugged device waits for it            hooks, kcore::dev::Cdev
//!                            the kernel's own mutexes are given back                         kcore::sync::own
//! on the rest of its stack   the tasks that it has started, and lent its frames, are given up and joined
//!                            the experiment that it ran, or the seats that it offered, are over
//! from the top of its stack  its files are closed, those of devices last
//!                            it is no process any more
//! ```
//!
//! A driver may break in `release`, too. So the dead is mortal again while it closes its files: each has left the table of the
//! process before it is closed, so the next death goes on with the next file. And it never waits for a lock of a dead task,
//! such as itself.

use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

use kcore::dev::Cdev;
use kcore::machine::{Sleep, TaskId};

use crate::arch::switch;
use crate::machine::{Kernel, SpinLock};
use crate::mm::backtrace;
use crate::mm::stacks;
use crate::param::MAX_TASKS;
use crate::process::{Fate, output, table as processes};
use crate::task::{self, doom, schedule, signal, spawn, table};
use crate::{experiments, hooks, oops, println};

/// The device in a call of which each task is, by its slot in the table of tasks.
static INSIDE: [SpinLock<Option<Arc<Cdev<Kernel>>>>; MAX_TASKS] = [const { SpinLock::new(None) }; MAX_TASKS];

/// The running task is inside `device` from now on; inside which it was before.
pub(crate) fn inside(device: Option<Arc<Cdev<Kernel>>>) -> Option<Arc<Cdev<Kernel>>> {
    core::mem::replace(&mut *INSIDE[task::current().0 as usize % MAX_TASKS].lock(), device)
}

/// The running task is dead: sees to what it leaves behind, and ends it with `code`, or with what it has died of before.
pub(crate) fn settle(code: i32) -> ! {
    let task = schedule::this_task();
    if !task.dying.swap(true, Relaxed) {
        task.code.store(code, Relaxed);
    }
    task.mortal.store(false, Relaxed);
    output::died();
    hooks::died();
    let device = inside(None);
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
    // SAFETY: a task that was spawned has a stack from the pool, and this is its top. What lies on it is used by nobody: those
    // that had borrowed of it are joined, no node of a queue is there, and the dead does not come back.
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
    stacks::left(backtrace::frame_pointer()).is_some_and(|left| left >= 2 * oops::ROOM)
}

/// Whether the running task is to [give up](give_up) its wait for a lock that `owner` has: the owner is dead, and the task was
/// told to end, or is dead itself.
pub(crate) fn gives_up(owner: TaskId) -> bool {
    let task = schedule::this_task();
    let ends =
        task.dying.load(Relaxed) || task.mortal.load(Relaxed) && signal::interrupted(Sleep::Interruptible);
    ends && (table::find(owner).is_none() || task::has_died(owner))
}

/// Ends the running task where it waits for a lock of a dead one.
pub(crate) fn give_up() -> ! {
    let me = task::current();
    println!("task {} ({}) waits no more for a lock of a task that is dead", me.0, task::name_of(me));
    let fate = if signal::interrupted(Sleep::Killable) { Fate::Killed } else { Fate::Interrupted };
    settle(fate.status())
}
