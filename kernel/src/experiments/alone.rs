//! Which task has the machine's hooks: one task at a time, which runs an experiment, or sees to what `probe`
//! is told.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use kcore::errno::Errno;

use super::{counting, tasklet};
use crate::irq::device;
use crate::mm::heap;
use crate::observe::run;
use crate::task;

/// The task that has them.
static HAS_HOOKS: AtomicU32 = AtomicU32::new(NOBODY);
/// The number of no task.
const NOBODY: u32 = 0;

/// Does something with the machine's hooks that no other task has meanwhile. [`Errno::EBUSY`] when another
/// task has them.
pub fn alone<R>(work: impl FnOnce() -> R) -> Result<R, Errno> {
    let me = task::current().0;
    HAS_HOOKS.compare_exchange(NOBODY, me, SeqCst, SeqCst).map_err(|_| Errno::EBUSY)?;
    let result = work();
    HAS_HOOKS.store(NOBODY, SeqCst);
    Ok(result)
}

/// The running task is dead. If it has the hooks, what it did with them is over: no task waits at a point,
/// nothing is watched or logged, no handler finds anything of the round, and what the round has allocated
/// goes. The tasks of the round were joined.
pub(crate) fn died() {
    if HAS_HOOKS.load(SeqCst) != task::current().0 {
        return;
    }
    device::close();
    counting::withdraw();
    tasklet::withdraw();
    drop(run::withdraw());
    run::end_round();
    drop(run::end());
    // SAFETY: the tasks of the round are joined, its handlers find nothing any more, and its devices were in
    // frames of the task that is dead: no task uses a block of the round from now on.
    unsafe { heap::Experiment::end_of_the_dead() };
    HAS_HOOKS.store(NOBODY, SeqCst);
}
