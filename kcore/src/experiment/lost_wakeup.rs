//! A wake-up that comes between the test and the sleep.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, Row, S};
use super::needs::Needs;
use crate::settings::Lock;

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
        Row::always(Lock::None, S),
        Row::always(Lock::WaitEvent, C),
        Row::always(Lock::Semaphore, C),
        Row::always(Lock::Completion, C),
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
