//! A wake-up that comes between the test and the sleep.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, Row, S};
use super::needs::Needs;
use super::stage::{Refusal, Rig, Stage};
use crate::event::{LockName, LockStep, Site};
use crate::machine::TaskId;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::{Completion, Observed, Semaphore, WaitQueue};

pub(super) static ENTRY: Experiment = Experiment {
    name: "lost-wakeup",
    title: "a reader goes to sleep just after the data came, and nobody wakes it",
    cause: Cause::Sleeping,
    races: &["R19"],
    sources: &["LDD3 6.2, Manual Sleeps", "LKD 4, Sleeping and Waking Up", "LDD3 5.4, Completions"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, S),
        Row::always(Form::WaitEvent, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Completion, C),
    ],
    unit: "items: each is written once and read once",
    known_points: &["items.load", "items.store", "sleeper.load", "sleeper.store"],
    script: &["A.items.load", "B.items.store", "B.sleeper.load", "A.sleeper.store"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two(),
    defaults: Defaults::once(1),
    roles: Roles::FirstAndOthers(Role::Read, Role::Write),
    invariants: &["no task sleeps while what it waits for is there", "what was written is read, once"],
    seven: [
        "Yes. The buffer belongs to both the reader and the writer: that is what it is for.",
        "Not here. In a driver the data mostly comes by an interrupt, and it is the same race with the handler as writer.",
        "Yes, between the test and the sleep. One CPU is enough for the race.",
        "It does, on purpose, and what it leaves behind is an entry that says whom to wake. It comes too late.",
        "The buffer lives as long as the machine.",
        "The writer looks for sleepers while the reader is on its way to bed: each sees the other as it was before.",
        "By an order: be found first, test then, sleep last. wait_event does that; a semaphore does it under its own lock.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "A reader sleeps while the buffer is empty; a writer fills it and wakes who sleeps. Bring the reader to \
sleep for ever, with data in the buffer. Two tasks, one item, one order of four steps.";

const HINT: &str = "The reader tests, and then it goes to sleep. Those are two steps. What does the writer find if it comes \
between them?";

const EXPLANATION: &str = "A, the reader, loads the number of items: 0. B, the writer, stores 1. B looks whether somebody \
sleeps: nobody, so there is nobody to wake, and B is done. A writes itself down as the sleeper and goes to sleep. The data \
is there, A waits for it, and nobody will ever tell. If no other writer comes, A sleeps until the machine is switched \
off; if one comes, A wakes and the mistake is never noticed, except that now and then something took too long.\n\n\
Nobody holds a lock and there is no circle. So the watchdog calls it stuck, not deadlock: a task sleeps, and among those \
who are left nobody would wake it.\n\n\
wait_event does the same things in another order. The reader first puts itself into the wait queue, where every writer \
finds it. Then it tests. Then it sleeps, and only if nobody has woken it since it was put there. Now whatever the writer \
does, it is seen: what it stored before the test is seen by the test, and what it stores after it comes with a wake-up \
that the sleep will not outlast. In Linux that is prepare_to_wait, which also sets the state of the task, then the \
condition, then schedule; the macro does it in a loop because a task can be woken for other reasons.\n\n\
A semaphore that starts with no unit does it too: its count is the condition, and count and queue are changed under one \
spinlock, so nothing fits between the test and the sleep. So does a completion, which remembers that it was completed: it \
is made for this one purpose.\n\n\
Wrong cures: to test twice before the sleep (the window stays, between the second test and the sleep); to let the writer \
wake twice; a spinlock around the test alone; a spinlock around test and sleep (a task must not sleep with a spinlock, \
and the writer could not come in to wake it); a sleep with a timeout (it heals what it does not understand, after a \
second, and there will be a user for whom a second is too long).";

const NAME: LockName = LockName::event("scull0.readers");

/// No task sleeps.
const NOBODY: usize = 0;

/// A buffer with one reader and one writer. What is in it is the difference of two numbers, so that nothing
/// needs a lock.
struct Buffer<M: Rig> {
    /// Items that were ever written; the writer's.
    written: Shared<usize>,
    wake: Wake<M>,
}

/// How the writer tells the reader.
enum Wake<M: Rig> {
    /// By hand, in the wrong order.
    ByHand(Sleeper),
    Queue(WaitQueue<M, Observed>),
    Semaphore(Semaphore<M, Observed>),
    Completion(Completion<M, Observed>),
}

/// The task that has gone to sleep, or is about to.
struct Sleeper {
    /// Its task, or [`NOBODY`].
    task: Shared<usize>,
    watch: Observed,
}

/// How many items are in the buffer: points `items.load` and `items.store`.
static ITEMS: Site = Site::new("items");

/// The task that is to be woken: points `sleeper.load` and `sleeper.store`.
static SLEEPER: Site = Site::new("sleeper");

/// One round: A reads `quanta` items, B writes them, and all other tasks look on.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let quanta = resolved.quanta as usize;
    let wake = match resolved.lock {
        Form::WaitEvent => Wake::Queue(WaitQueue::new(Observed::new(NAME))),
        Form::Semaphore => Wake::Semaphore(Semaphore::new(Observed::new(NAME), 0)),
        Form::Completion => Wake::Completion(Completion::new(Observed::new(NAME))),
        _ => Wake::ByHand(Sleeper { task: Shared::new(NOBODY), watch: Observed::new(NAME) }),
    };
    let buffer = Buffer::<M> { written: Shared::new(0), wake };
    let read = AtomicUsize::new(0);
    stage.race(&|who| match who {
        0 => (0..quanta).for_each(|read_so_far| {
            buffer.wait_for_more_than(read_so_far);
            read.store(read_so_far + 1, Relaxed);
        }),
        1 => (0..quanta).for_each(|written_so_far| buffer.write(written_so_far + 1)),
        _ => {}
    })?;
    stage.run.lost_updates += (buffer.written.audit() - read.into_inner()) as u64;
    Ok(())
}

impl<M: Rig> Buffer<M> {
    /// Waits until more than `read` items were written.
    fn wait_for_more_than(&self, read: usize) {
        let has_more = || self.written.load::<M>(&ITEMS) > read;
        match &self.wake {
            Wake::ByHand(sleeper) => {
                // Tests, and then goes to sleep.
                while !has_more() {
                    sleeper.sleep::<M>();
                }
            }
            Wake::Queue(queue) => queue.wait_event(has_more),
            Wake::Semaphore(semaphore) => semaphore.down(),
            Wake::Completion(completion) => completion.wait(),
        }
    }

    /// Writes the next item: from now on there were `written`.
    fn write(&self, written: usize) {
        self.written.store::<M>(&ITEMS, written);
        match &self.wake {
            Wake::ByHand(sleeper) => sleeper.wake::<M>(),
            Wake::Queue(queue) => drop(queue.wake_up()),
            Wake::Semaphore(semaphore) => semaphore.up(),
            Wake::Completion(completion) => completion.complete(),
        }
    }
}

impl Sleeper {
    /// Sleeps until the writer calls `wake`, and for no other reason.
    #[track_caller]
    fn sleep<M: Rig>(&self) {
        let me = M::task().0 as usize;
        self.task.store::<M>(&SLEEPER, me);
        self.watch.tell::<M, _>(self, LockStep::Wait);
        while self.task.look::<M>(&SLEEPER) == me {
            M::block();
        }
        self.watch.tell::<M, _>(self, LockStep::GaveUp);
    }

    /// Wakes the task that sleeps. One that is only about to is not to be seen.
    fn wake<M: Rig>(&self) {
        let task = self.task.load::<M>(&SLEEPER);
        if task != NOBODY {
            self.task.put::<M>(&SLEEPER, NOBODY);
            M::wake(TaskId(task as u32));
        }
    }
}
