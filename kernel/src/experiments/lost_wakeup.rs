//! R19: a wake-up that comes between the test and the sleep.

use kcore::event::{LockName, LockStep, Mode, Waiting};
use kcore::experiment::{ITEMS, SLEEPER};
use kcore::machine::{Sched, TaskId};
use kcore::settings::Lock;
use kcore::shared::Shared;
use kcore::sync::{Completion, Observed, Semaphore, WaitQueue, Watch};

use crate::machine::Kernel;

use super::trial::{Refusal, Trial};

const NAME: LockName = LockName { name: "scull0.readers", class: "scull.readers", waiting: Waiting::Event };

/// Nobody sleeps.
const NOBODY: usize = 0;

/// A buffer with one reader and one writer. What is in it is the difference of two numbers, so that nothing needs a lock.
struct Buffer {
    /// Items that were ever written; the writer's.
    written: Shared<usize>,
    wake: Wake,
}

/// How the writer tells the reader.
enum Wake {
    /// By hand, in the wrong order.
    ByHand(Sleeper),
    Queue(WaitQueue<Kernel, Observed>),
    Semaphore(Semaphore<Kernel, Observed>),
    Completion(Completion<Kernel, Observed>),
}

/// Who has gone to sleep, or is about to.
struct Sleeper {
    /// Its task, or [`NOBODY`].
    task: Shared<usize>,
    watch: Observed,
}

/// One round: A reads `quanta` items, B writes them, and everybody else looks on.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let quanta = resolved.quanta as usize;
    let wake = match resolved.lock {
        Lock::WaitEvent => Wake::Queue(WaitQueue::observed(NAME)),
        Lock::Semaphore => Wake::Semaphore(Semaphore::observed(NAME, 0)),
        Lock::Completion => Wake::Completion(Completion::observed(NAME)),
        _ => Wake::ByHand(Sleeper { task: Shared::new(NOBODY), watch: Observed::new(NAME) }),
    };
    let buffer = Buffer { written: Shared::new(0), wake };
    let read = Shared::new(0);
    trial.race(&|who| match who {
        0 => (0..quanta).for_each(|read_so_far| {
            buffer.wait_for_more_than(read_so_far);
            read.poke(read_so_far + 1);
        }),
        1 => (0..quanta).for_each(|written_so_far| buffer.write(written_so_far + 1)),
        _ => {}
    })?;
    trial.run.lost_updates += (buffer.written.peek() - read.peek()) as u64;
    Ok(())
}

impl Buffer {
    /// Waits until more than `read` items were written.
    fn wait_for_more_than(&self, read: usize) {
        let has_more = || self.written.load::<Kernel>(&ITEMS) > read;
        match &self.wake {
            Wake::ByHand(sleeper) => {
                // Tests, and then goes to sleep.
                while !has_more() {
                    sleeper.sleep();
                }
            }
            Wake::Queue(queue) => queue.wait_event(has_more),
            Wake::Semaphore(semaphore) => semaphore.down(),
            Wake::Completion(completion) => completion.wait(),
        }
    }

    /// Writes the next item: from now on there were `written`.
    fn write(&self, written: usize) {
        self.written.store::<Kernel>(&ITEMS, written);
        match &self.wake {
            Wake::ByHand(sleeper) => sleeper.wake(),
            Wake::Queue(queue) => drop(queue.wake_up()),
            Wake::Semaphore(semaphore) => semaphore.up(),
            Wake::Completion(completion) => completion.complete(),
        }
    }
}

impl Sleeper {
    /// Sleeps until somebody calls `wake`, and for no other reason.
    #[track_caller]
    fn sleep(&self) {
        let place = <Observed as Watch<Kernel>>::place();
        let me = Kernel::task().0 as usize;
        self.task.store::<Kernel>(&SLEEPER, me);
        Watch::<Kernel>::announce(&self.watch, LockStep::Wait, Mode::Exclusive, self.address(), place);
        while self.task.peek() == me {
            Kernel::block();
        }
        Watch::<Kernel>::announce(&self.watch, LockStep::GaveUp, Mode::Exclusive, self.address(), place);
    }

    /// Wakes whoever sleeps. Whoever is only about to is not to be seen.
    fn wake(&self) {
        let task = self.task.load::<Kernel>(&SLEEPER);
        if task != NOBODY {
            self.task.poke(NOBODY);
            Kernel::wake(TaskId(task as u32));
        }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}
