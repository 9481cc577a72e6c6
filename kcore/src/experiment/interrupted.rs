//! A signal while waiting.

use super::entry::{Cause, Certain, Defaults, Experiment, Work};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "interrupted",
    title: "ten thousand waits end by a signal, and one had what it waited for",
    cause: Cause::Sleeping,
    races: &["R26"],
    sources: &[
        "LDD3 5.3, The Linux Semaphore Implementation",
        "LDD3 6.2, Blocking I/O",
        "LKD 4, Wait Queues",
        "LKD 10, Semaphores",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::Broken, R),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Mutex, C),
        Row::always(Form::Completion, C),
    ],
    unit: "interrupted waits for each task; how many each of them has is left to chance",
    known_points: &["inside"],
    points: &["inside"],
    script: &["A.inside", "B.inside"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(4),
    needs: Needs::of_two(),
    defaults: Defaults {
        natural: Work { quanta: 2500, rounds: 1 },
        rendezvous: Work { quanta: 25, rounds: 1 },
        script: Work { quanta: 5, rounds: 1 },
    },
    invariants: &[
        "at the end the one unit is there, nobody has it, and nobody waits",
        "never more than one task has it",
        "the heap has as many blocks as before",
    ],
    seven: [
        "Yes. The unit is one for all.",
        "A signal comes like an interrupt: at any moment, from anywhere. It is only looked at where a task sleeps.",
        "Yes. Between the grant and the moment when the waiter runs again there is all the time in the world.",
        "It does nothing but sleep. The question is what it has in its hands when it wakes up.",
        "The unit is not memory; but it is lost like memory, when the one who has it does not know.",
        "One grants the unit to a waiter while another sends the same waiter away.",
        "By one decision under the queue's lock: whoever is still queued may leave, whoever is not has the unit.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Four tasks wait for one unit, and signals hit them at random while they do. A wait that a signal has ended must \
leave no trace: nothing held, nothing leaked, nobody queued who is gone. Find the one moment at which it is hard to tell \
whether a wait has been ended or satisfied.";

const HINT: &str = "A waiter sleeps. The unit is granted to it, and it is woken. Before it runs, a signal arrives. Two reasons to wake \
up, and it will look at one of them first.";

const EXPLANATION: &str = "Why one waits interruptibly: LDD3 tells its readers to use down_interruptible nearly always, for a task \
that waits uninterruptibly cannot be stopped by its user, and one that waits for ever can be ended only by a reboot. The \
price is a second way out. The call may fail, and whoever does not look at its result goes on without the lock. It \
returns -EINTR here; a driver returns -ERESTARTSYS, and the kernel makes the call again or tells the program -EINTR.\n\n\
The race: A sleeps in the queue of a semaphore. B gives the unit back, and as A waits, it is handed to A: from now on it is \
A's, although A has not run yet. Now the signal comes, and wakes A as well. The broken form asks for the signal first, finds \
it, and returns -EINTR. Its caller does what everyone does after an error: nothing. The unit was granted to a task that \
thinks that it has none. Nobody will give it back; the count stays at 0, and all others wait for ever. The \
experiment first does just this, step by step on one CPU, and then leaves the rest to ten thousand signals.\n\n\
The right forms decide under the lock of the queue. A waiter that finds a signal takes that lock and looks whether it is \
still queued. If so it removes itself, and nobody can grant it anything any more. If not it has been granted, and the wait \
has succeeded, signal or not: the signal is still there for the next one who asks. The semaphore and the completion do so; \
the mutex frees itself before it wakes anybody, so that there is nothing to hand over, and passes a wake-up on that was \
meant for one who leaves. A spinlock has no such question: its waiters do not sleep, and no signal stops them.\n\n\
Wrong cures: to give a unit back after every -EINTR (then there are two, whenever it had not been granted); to look for \
the signal once more before the grant (it comes after the look); to wait uninterruptibly everywhere (safe, and nobody can \
stop a task whose device has died; killable waits are the middle way); to ignore the result, as old drivers do.";
