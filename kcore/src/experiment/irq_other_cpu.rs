//! A task on one CPU, the handler of its device on another.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Smallest, Work};
use super::matrix::{C, Cell, N, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

/// It takes two CPUs.
const LOST: [Cell; 6] = [R, R, N, N, N, N];
const KEPT: [Cell; 6] = [C, C, N, N, N, N];

pub(super) static ENTRY: Experiment = Experiment {
    name: "irq-other-cpu",
    title: "the device interrupts another CPU: interrupts off here stop nobody there",
    cause: Cause::Interrupts,
    races: &["R14"],
    sources: &[
        "LDD3 5.5, The Spinlock Functions",
        "LDD3 10.3, Implementing a Handler",
        "LKD 7, Interrupt Control",
        "LKD 9, Causes of Concurrency",
        "LKD 10, Spin Locks",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::each(Form::None, LOST),
        Row::each(Form::PreemptOff, LOST),
        Row::each(Form::IrqOff, LOST),
        Row::each(Form::Spinlock, KEPT),
        Row::each(Form::Irqsave, KEPT),
    ],
    unit: "increments of the task on CPU 0; the device adds one on CPU 1 for each interrupt that it is given",
    known_points: &["counter.load", "counter.store"],
    fire: &["counter.store"],
    certain: Certain { fire: true, ..Certain::NEVER },
    placement: Placement::FirstCpu,
    tasks: Some(1),
    smallest: Smallest { tasks: 1, quanta: 1 },
    needs: Needs::on(Ground::Own),
    defaults: Defaults { script: Work { quanta: 100, rounds: 3 }, ..Defaults::natural(500, 4) },
    invariants: &[
        "the counter is the increments of the task plus the runs of the handler; what is missing was lost",
    ],
    seven: [
        "Yes. The handler of the device adds to the same counter.",
        "Yes: a task of CPU 0 and an interrupt handler on CPU 1.",
        "There is one task only.",
        "No.",
        "It lives longer than the task and the device.",
        "This is the experiment: what the other processor executes is the handler.",
        "By a spinlock. With interrupts off besides, unless it is certain that the device never interrupts the CPU of a \
         holder.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "The cure of the exhibit irq was to switch interrupts off. Show that this was only half of it: lose updates \
with interrupts off.";

const HINT: &str = "Interrupts are switched off by an instruction of a CPU. Which one executes it, and which one does the \
device interrupt?";

const EXPLANATION: &str = "The task on CPU 0 switches interrupts off and loads 7. The device raises its line, and the interrupt \
controller picks CPU 1. There the handler loads 7, stores 8 and is done. On CPU 0 the task stores 8. One of the two updates \
is lost, with interrupts off all the time.\n\n\
The instruction cli clears a flag of the CPU that executes it. There is no such instruction for a whole machine (Linux \
had a function that did it, and threw it out: everybody waited for everybody). Which CPU a device interrupts is decided by the \
interrupt controller, may be set by the administrator, and changes while the machine runs. So who shares data with a \
handler shares it with a handler on any CPU.\n\n\
The spinlock is what works between CPUs: the handler spins on CPU 1 while the task, on CPU 0, stores and lets go. This is \
busy waiting as it is meant to be, for a few instructions. Here the plain form is enough, because in this experiment the \
device never interrupts the CPU of the holder; the exhibit irq shows the day on which it does. irqsave is right on both \
days: interrupts off against the handler on this CPU, the lock against the one on another. Taken together the two \
exhibits are the reason why the one call does both.\n\n\
Wrong cures: interrupts off without a lock (local_irq_disable says local for this reason); preemption off, likewise; a \
semaphore (the handler cannot sleep); to bind the interrupt to the CPU of the task (until somebody starts a second task, or \
a balancer moves the interrupt).";
