//! Tasks that may die alone: when one may, and what it leaves unfinished.
//!
//! How it dies is told in [`oops`](crate::oops). The room that sees to what it leaves behind stands above
//! this one, and says so once, when the machine boots: [`SETTLE`].

use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

use kcore::class;
use kcore::dev::Cdev;
use kcore::machine::{Sleep, TaskId};

use super::{Signal, has_died, name_of, queue, schedule, signal, table};
use crate::arch::{cpu, exit};
use crate::atomic_fn::AtomicFn;
use crate::machine::{Kernel, SpinLock};
use crate::mm::{backtrace, stacks};
use crate::param::MAX_TASKS;
use crate::{context, println};

/// Bytes of its stack that the report of a death wants, and giving its crew up.
pub(crate) const ROOM: u64 = 10 << 10;

/// Sees to what the running task, which is dead, leaves behind, and ends it with this code.
pub(crate) static SETTLE: AtomicFn<fn(i32) -> !> = AtomicFn::none();

/// The device in a call of which each task is, by its slot in the table of tasks.
static INSIDE: [SpinLock<Option<Arc<Cdev<Kernel>>>>; MAX_TASKS] =
    [const { SpinLock::new(class!("inside which device a task is"), None) }; MAX_TASKS];

/// Whether the running task may die alone. If so, it begins to: the next fault in it is one in the report.
pub(crate) fn begins_to_die(interrupts_were_on: bool) -> bool {
    may_die(interrupts_were_on) && schedule::this_task().mortal.swap(false, Relaxed)
}

/// Whether the running task would die alone of a panic here and now.
pub(crate) fn may_die_here() -> bool {
    may_die(cpu::irq_are_on())
}

fn may_die(interrupts_are_on: bool) -> bool {
    let Some(task) = table::find(queue::current()) else { return false };
    let only_observed = || context::depth().is_some_and(|depth| u64::from(depth) <= task.held.spinlocks());
    let room = || stacks::left(backtrace::frame_pointer()).is_some_and(|left| left >= ROOM);
    task.mortal.load(Relaxed)
        && interrupts_are_on
        && !exit::is_under_way()
        && only_observed()
        && task.held.own_are_known()
        && room()
}

/// Whether the running task may end alone at the place where an interrupt has come: so interrupts were on.
/// What else runs on top of it ends with it.
pub(crate) fn may_be_ended() -> bool {
    let task = schedule::this_task();
    let only_observed = u64::from(context::depth_below()) <= task.held.spinlocks();
    only_observed && task.held.own() == 0 && task.mortal.load(Relaxed)
}

/// The running task is dead, and ends with `code`, or with what it has died of before.
pub(crate) fn dies(code: i32) {
    let task = schedule::this_task();
    if !task.dying.swap(true, Relaxed) {
        task.code.store(code, Relaxed);
    }
}

/// Whether it is.
pub(crate) fn is_dead() -> bool {
    schedule::this_task().dying.load(Relaxed)
}

/// Ends the running task, which dies, when what it leaves behind was seen to.
pub(crate) fn settle(code: i32) -> ! {
    match SETTLE.get() {
        Some(settle) => settle(code),
        None => schedule::end(code),
    }
}

/// The running task is inside `device` from now on; inside which it was before.
pub(crate) fn inside(device: Option<Arc<Cdev<Kernel>>>) -> Option<Arc<Cdev<Kernel>>> {
    core::mem::replace(&mut *INSIDE[queue::current().0 as usize % MAX_TASKS].lock(), device)
}

/// Whether the running task is to [give up](give_up) its wait for a lock that `owner` has: the owner is dead,
/// and the task was told to end, or is dead itself.
pub(super) fn gives_up(owner: TaskId) -> bool {
    let mortal = schedule::this_task().mortal.load(Relaxed);
    let ends = is_dead() || mortal && signal::interrupted(Sleep::Interruptible);
    ends && (table::find(owner).is_none() || has_died(owner))
}

/// Ends the running task where it waits for a lock of a dead one.
pub(super) fn give_up() -> ! {
    let me = queue::current();
    println!("task {} ({}) waits no more for a lock of a task that is dead", me.0, name_of(me));
    let signal = if signal::interrupted(Sleep::Killable) { Signal::Kill } else { Signal::Interrupt };
    settle(signal.status())
}
