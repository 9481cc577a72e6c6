//! The scheduler of this machine, as the ideas of `kcore` see it.

use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

use kcore::dev::Cdev;
use kcore::holds::Held;
use kcore::machine::{Sched, Sleep, TaskId};

use crate::machine::{Kernel, STEP};

use super::{listing, mortal, queue, schedule, signal, table};

impl Sched for Kernel {
    #[inline]
    fn task() -> TaskId {
        queue::current()
    }

    fn block() {
        schedule::block();
    }

    fn block_until(deadline: u64) {
        schedule::block_until(deadline);
    }

    fn interrupted(sleep: Sleep) -> bool {
        signal::interrupted(sleep)
    }

    fn wake(task: TaskId) {
        schedule::wake(task);
    }

    fn yield_now() {
        schedule::yield_now();
    }

    fn may_poll() -> bool {
        queue::may_poll()
    }

    #[inline]
    fn is_running(task: TaskId) -> bool {
        listing::is_running(task)
    }

    #[inline]
    fn held() -> Option<&'static Held> {
        table::find(queue::current()).map(|task| &task.held)
    }

    #[inline]
    fn took_own() {
        STEP.call();
    }

    fn inside(device: Option<Arc<Cdev<Kernel>>>) -> Option<Arc<Cdev<Kernel>>> {
        mortal::inside(device)
    }

    #[inline]
    fn stands(in_a_queue: bool) {
        let standing = &schedule::this_task().standing;
        let change = if in_a_queue { 1 } else { u32::MAX };
        standing.store(standing.load(Relaxed).wrapping_add(change), Relaxed);
    }

    fn gives_up(owner: TaskId) -> bool {
        mortal::gives_up(owner)
    }

    fn give_up() -> ! {
        mortal::give_up()
    }
}
