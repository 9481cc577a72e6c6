//! Two works in two workers: deferred, and in process context.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "workqueue",
    title: "two works in two workers add to one counter; here a mutex is allowed",
    cause: Cause::Interrupts,
    races: &["R14"],
    sources: &[
        "LDD3 7.6, Workqueues",
        "LKD 8, Work Queues; Which Bottom Half Should I Use?; Locking Between the Bottom Halves",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, R),
        Row::always(Form::Spinlock, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Mutex, C),
        Row::always(Form::Completion, C),
        Row::always(Form::Irqsave, C),
        Row::always(Form::Bh, C),
        Row::by_cpus(Form::PreemptOff, R, C),
        Row::by_cpus(Form::IrqOff, R, C),
    ],
    unit: "increments of each work",
    known_points: &["counter.load", "counter.store"],
    points: &["counter.store"],
    script: &["A.counter.load", "B.counter.load", "A.counter.store", "B.counter.store"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(2000, 5),
    invariants: &["the counter is works x increments x rounds; what is missing was lost"],
    seven: [
        "Yes. Both works add to the same counter.",
        "No. A work runs in a worker, which is a task of the kernel.",
        "Yes. Workers are scheduled and preempted like other tasks, also on one CPU.",
        "It may, and that is what workqueues are for. What it leaves behind is a value in a register that grows old.",
        "The counter outlives the works: both queues are flushed before it goes.",
        "Two workers on two processors both load the same number.",
        "By any lock that tasks may take; the mutex among them, since a work may sleep.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two works are queued, each on a queue of its own, and add 1 to the same counter. Lose updates. Then use a lock \
that would be forbidden in a softirq, in a tasklet and in a timer.";

const HINT: &str = "Who executes a work? If the answer is a task, then you know this race already: see counter. Let them meet: \
probe=rendezvous=counter.store.";

const EXPLANATION: &str = "The first worker loads 7. The second worker loads 7. The first stores 8, the second stores 8. That a work \
was put off until later changes nothing in it: two functions run at once, on two CPUs, or on one CPU when a worker sleeps or is \
preempted between load and store.\n\n\
A workqueue is the bottom half for work that may sleep. A softirq, a tasklet and a timer run on top of whoever was \
interrupted, and there is no task that could be put to sleep for them. A work is executed by a kernel thread: it has a \
task, it is scheduled, it may allocate with GFP_KERNEL, take a mutex, wait for a disk. It costs a context switch for that.\n\n\
Works of one queue with one worker come one after the other. This is often taken for a lock, and it is one as long as \
everything that touches the data goes through that queue and the queue has one worker. The experiment uses two queues, as \
two drivers would; one queue with a worker for each CPU comes to the same. One work, queued twice before it has begun, is executed once.\n\n\
The cures are those of any two tasks. Spinlock: short, and no sleeping inside. Semaphore: the second worker sleeps until the \
first is through. Mutex: the same, and it knows who holds it, so that nobody else can give it back by mistake; for a lock \
between tasks it is the usual choice. Against an interrupt handler that shares the data none of the sleeping ones will do.\n\n\
Wrong cures: preemption off or interrupts off, which stop this CPU alone (on one CPU they do cure it, and break when the \
machine gets a second one); to flush the queue from within one of its works (it waits for itself); to count on works being \
executed in the order of their queueing, over two queues.";
