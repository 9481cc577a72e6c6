//! Two tasks of one CPU: the tick ends a slice between test and store.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Work};
use super::matrix::{C, Cell, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use crate::settings::Form;

/// The race is there where tasks lose their CPU, on however many CPUs.
const IF_PREEMPTIBLE: [Cell; 6] = [R, C, R, C, R, C];

pub(super) static ENTRY: Experiment = Experiment {
    name: "preempt",
    title: "one CPU, two tasks: the tick comes between test and store, and quanta leak",
    cause: Cause::Preemption,
    races: &["R1"],
    sources: &[
        "LDD3 5.2, Concurrency and Its Management",
        "LKD 4, Kernel Preemption",
        "LKD 9, Causes of Concurrency",
        "LKD 10, Preemption Disabling",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::each(Form::None, IF_PREEMPTIBLE),
        Row::each(Form::CpuOwned, IF_PREEMPTIBLE),
        Row::always(Form::PreemptOff, C),
        Row::always(Form::IrqOff, C),
        Row::always(Form::Spinlock, C),
        Row::always(Form::Irqsave, C),
        Row::always(Form::Bh, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Mutex, C),
        Row::always(Form::Completion, C),
    ],
    unit: "slots: each of the two tasks fills the same ones",
    known_points: SCULL,
    points: &["slot.store"],
    script: &["A.slot.load", "B.slot.load", "A.slot.store", "B.slot.store"],
    fire: &["slot.store"],
    certain: Certain { fire: true, ..Certain::NEVER },
    placement: Placement::OneCpu,
    tasks: Some(2),
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults { script: Work { quanta: 100, rounds: 3 }, ..Defaults::natural(1000, 10) },
    invariants: &[
        "allocated - freed = live, for nodes, arrays and quanta",
        "live - reachable = leaked, where reachable is what a walk of the device finds",
        "every acknowledged byte reads back as some writer wrote it, not as a hole",
    ],
    seven: [
        "Yes. Both tasks have the same device open.",
        "No. The tick interrupts both of them, but its handler never looks at the device: it only decides who goes on.",
        "Yes, and this is the experiment: the next task of the same CPU tests the same slot.",
        "Not here. A task that sleeps gives its CPU away of its own accord; one that is preempted is not asked.",
        "Nothing, without the guard. Here nobody trims, so nothing is freed.",
        "There is no other processor in this experiment, and the race is the same.",
        "By a lock that the next task finds taken; or by switching preemption off from the test to the store, which is \
         enough as long as all who do this run on one CPU.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two tasks share one CPU, so nothing ever happens at the same time. Make them leak quanta all the \
same, one for every slot. Then find a lock that makes perfect sense on many CPUs and does nothing here.";

const HINT: &str = "What does a task know when it goes on after its slice has ended? Let the tick come where it hurts: \
probe=fire=slot.store. Then do it again in a kernel without preemption: --config smp.";

const EXPLANATION: &str = "A loads the slot, finds null, allocates a quantum. Now the timer interrupts: the slice of A is \
over. The handler marks the task, and on the way out of the interrupt the scheduler puts A at the end of the queue and lets B \
run, in the middle of a function of the kernel. B loads the slot, which is still null, allocates as well, and is \
interrupted at the same place. A stores, goes on to the next slot, and is put aside there; B stores over it. Each slot costs \
one quantum: a run leaks quanta x rounds of them, exactly as two CPUs do that meet before the store.\n\n\
The books call this pseudo-concurrency: two threads of execution are not active at once, but they interleave as if they \
were. A value in a register grows old while its task is off the CPU in the same way as it does while another CPU writes. \
For the code there is no difference, and so the rule is the same: what makes code safe on several processors makes it safe \
against preemption, and it is wise to write it so from the beginning.\n\n\
In a kernel that is built without preempt the tick comes too, and finds that a task which executes kernel code keeps the \
CPU until it sleeps, yields or returns. The race is gone, and the code is as wrong as before: the exhibit called sleep shows \
it with the same kernel.\n\n\
The cures. To switch preemption off costs an addition in memory of this CPU: the tick is noted, and the switch made when \
preemption goes on again. It is a cure for data of one CPU only. The spinlock does the same and sets its word besides, \
so that other CPUs are kept out too; compiled for one CPU it is nothing but preemption off. With interrupts off no \
tick arrives at all, which is more than is needed. Under the semaphore, the mutex and the completion A does lose its CPU, \
with the lock held: B finds it taken, sleeps, and A goes on. So these are preempt-safe without keeping anybody's CPU, which is \
why a holder may hold them for long.\n\n\
Wrong cures: a lock that belongs to a CPU (cpu-owned). Its inventor wanted nested calls to pass, and took whoever \
runs on the owner's CPU for the owner. It keeps CPUs apart, and it waves every task of one CPU through. Then: to say that one \
CPU needs no locks (true of a kernel without preemption that never sleeps between test and store, as long as nobody \
changes either); longer slices (rarer, and harder to find); volatile or memory barriers (a CPU always sees its own stores in \
order).";

/// One round of `scull-leak`. That its tasks share a CPU is in the entry, and the tick is what comes at a
/// point unless an experiment chooses something else.
pub(super) use super::scull_leak::round;
