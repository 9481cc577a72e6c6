//! Two tasklets run on two CPUs at once; one does not.

use super::entry::{Cause, Certain, Defaults, Experiment, Work};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "tasklet",
    title: "two tasklets share a counter on two CPUs; one tasklet would run on one only",
    cause: Cause::Interrupts,
    races: &["R14"],
    sources: &["LDD3 7.5, Tasklets", "LKD 8, Tasklets; Locking Between the Bottom Halves"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::by_cpus(Form::None, R, C),
        Row::by_cpus(Form::IrqOff, R, C),
        Row::always(Form::Tasklet, C),
        Row::always(Form::Spinlock, C),
    ],
    unit: "times that each of the two tasks schedules its tasklet, which counts",
    known_points: &["counter.load", "counter.store"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults {
        natural: Work { quanta: 50, rounds: 3 },
        rendezvous: Work { quanta: 50, rounds: 3 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &["the counter is the number of times that tasklets ran; what is missing was lost"],
    seven: [
        "Yes. Both tasklets add to the same counter.",
        "No. Only tasklets do, which are softirqs: nothing but interrupt handlers interrupts them.",
        "No. A tasklet is not preempted, and no tasklet interrupts another one of its CPU.",
        "No. A tasklet must not sleep.",
        "The counter outlives the tasklets: each is killed, which waits for its end, before the counter goes.",
        "Two different tasklets do run on two processors at the same time. That is the experiment.",
        "By a spinlock, in its plain form; or by using one and the same tasklet for all that touches the data.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Tasklets of one CPU never interrupt each other. Let two of them lose updates all the same. Then cure the \
race without any lock.";

const HINT: &str = "How many CPUs does it take, and how many tasklets? A tasklet runs on the CPU that scheduled it. What \
becomes of one that is scheduled on a second CPU while it runs on the first?";

const EXPLANATION: &str = "A task on CPU 0 schedules the first tasklet, a task on CPU 1 the second. Both run, each on its CPU. The \
first loads 7, the second loads 7, both store 8. It takes no preemption and no interrupt in the wrong place: this is true \
concurrency, between two bottom halves. (The experiment leaves nothing to chance: between load and store each tasklet \
waits until the other has loaded too, as far as nothing keeps the other out.) On one CPU the second begins when the first has \
ended, so there is nothing to lose.\n\n\
What a tasklet has and a softirq has not is a promise: the same tasklet never runs on two CPUs at once. It carries a bit that \
is tested and set before it runs. A CPU that finds it set does not spin: it puts the tasklet back and looks again later. \
Scheduled twice before it has run, it runs once. So whatever is touched by one tasklet only needs no lock (the form called \
tasklet: both CPUs schedule the same one). This is why drivers like them.\n\n\
The promise is one about the tasklet, not about its data. Two devices of one driver, two tasklets, one table: then it takes a \
spinlock. Between tasklets the plain form is right. Nobody on this CPU could come in between: no task and no other \
tasklet runs on top of one. If a task takes the lock as well, that task uses spin_lock_bh; if a handler does, everybody \
uses irqsave.\n\n\
Wrong cures: interrupts off (each CPU switches off its own; the other one was never going to be interrupted); softirqs \
off, which they are already; a semaphore (a tasklet must not sleep); to rely on both tasklets being scheduled by the same CPU \
(they are, until the interrupts of the second device go to another one).";
