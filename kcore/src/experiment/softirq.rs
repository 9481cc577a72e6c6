//! The second half of a handler, on the CPU of the task that it counts with.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Smallest, Work};
use super::matrix::{C, D, I, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "softirq",
    title: "the handler raises a softirq, which runs on top of the task it counts with",
    cause: Cause::Interrupts,
    races: &["R14", "R25"],
    sources: &[
        "LDD3 5.5, The Spinlock Functions",
        "LDD3 10.4, Top and Bottom Halves",
        "LKD 8, Softirqs; Locking Between the Bottom Halves; Disabling Bottom Halves",
        "LKD 10, Spin Locks and Bottom Halves",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, R),
        Row::always(Form::PreemptOff, R),
        // It spins where there is a word to spin on.
        Row::each(Form::Spinlock, [D, D, D, D, R, R]),
        Row::always(Form::Semaphore, I),
        Row::always(Form::Mutex, I),
        Row::always(Form::Bh, C),
        Row::always(Form::IrqOff, C),
        Row::always(Form::Irqsave, C),
    ],
    unit: "increments of the task; the softirq adds one each time that it runs",
    known_points: &["counter.load", "counter.store"],
    fire: &["counter.store"],
    certain: Certain { fire: true, ..Certain::NEVER },
    placement: Placement::OneCpu,
    tasks: Some(1),
    smallest: Smallest { tasks: 1, quanta: 1 },
    needs: Needs::on(Ground::Own),
    defaults: Defaults { script: Work { quanta: 100, rounds: 3 }, ..Defaults::natural(1000, 5) },
    invariants: &[
        "the counter is the increments of the task plus the runs of the softirq; what is missing was lost",
    ],
    seven: [
        "Yes. The softirq adds to the same counter.",
        "A task and a softirq share it. The interrupt handler itself keeps its hands off.",
        "There is one task only; the softirq needs no scheduler to get in between.",
        "No, and the softirq must not sleep.",
        "It lives longer than the task and the device.",
        "The same softirq may run on two CPUs at once, for two interrupts. Here one CPU is interrupted only.",
        "By a spinlock that is taken with softirqs off, in the task; the softirq takes the plain form.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Good handlers are short: this one notes that there is work and returns, and a softirq counts. Lose the \
updates of the softirq. Then find the cheapest cure that does not keep a single interrupt out.";

const HINT: &str = "When does a softirq run that was raised in a handler? Before the interrupted task goes on, or after? \
probe=fire=counter.store.";

const EXPLANATION: &str = "The task loads 7. The device interrupts. Its handler raises a softirq and returns; on the way out, \
with interrupts on again, the CPU looks for softirqs and runs this one: it loads 7 and stores 8. Then the task goes on and \
stores 8. One update is lost.\n\n\
To split a handler keeps interrupts off for a shorter time; it does not keep the second half away from the task. A softirq is \
not scheduled. It runs on the CPU that raised it, on top of whatever was interrupted there, and returns before that goes \
on. So the plain spinlock deadlocks as it does in the exhibit irq: the softirq spins for the task below it, and \
the watchdog shows the two.\n\n\
The cure that fits is to switch softirqs off on this CPU while the lock is held: spin_lock_bh. The interrupt comes in time \
and its handler runs in the middle of the critical section; it raises the softirq, and the exit of the interrupt finds softirqs \
off and leaves it pending. spin_unlock_bh lets go of the lock, switches softirqs on and runs what has come up \
meanwhile. Interrupts off are a cure as well, since without the interrupt nobody raises anything; but they make the device \
wait, which is what the softirq was there to avoid.\n\n\
On several CPUs the lock is needed besides: the same softirq may run on two of them at once. Tasklets do not; see there.\n\n\
Wrong cures: preemption off (softirqs are not scheduled, so nothing that stops the scheduler stops them); the plain \
spinlock (compiled for one CPU it is no more than preemption off, and updates are lost; with its word it is a deadlock); \
a semaphore or a mutex (a softirq must not sleep, whoever's turn it is); to count in the handler instead (then only \
interrupts off will do).";
