//! A task and the interrupt handler that interrupts it count together.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Smallest, Work};
use super::matrix::{C, Cell, D, I, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

/// The handler spins for what the interrupted task holds, where there is a word to spin on.
const DEADLOCK_IF_SMP: [Cell; 6] = [D, D, D, D, R, R];

pub(super) static ENTRY: Experiment = Experiment {
    name: "irq",
    title: "a task counts, and so does its interrupt: lost updates, or a deadlock",
    cause: Cause::Interrupts,
    races: &["R14", "R25"],
    sources: &[
        "LDD3 5.5, Spinlocks and Atomic Context; The Spinlock Functions",
        "LDD3 10.3, Implementing a Handler",
        "LKD 7, Interrupts and Interrupt Handlers",
        "LKD 10, Spin Locks",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, R),
        Row::always(Form::PreemptOff, R),
        Row::each(Form::Spinlock, DEADLOCK_IF_SMP),
        Row::each(Form::Bh, DEADLOCK_IF_SMP),
        Row::always(Form::Semaphore, I),
        Row::always(Form::Mutex, I),
        Row::always(Form::IrqOff, C),
        Row::always(Form::Irqsave, C),
    ],
    unit: "increments of the task; the device adds one for each interrupt that it is given",
    known_points: &["counter.load", "counter.store"],
    fire: &["counter.store"],
    certain: Certain { fire: true, ..Certain::NEVER },
    placement: Placement::OneCpu,
    tasks: Some(1),
    smallest: Smallest { tasks: 1, quanta: 1 },
    needs: Needs::on(Ground::Own),
    defaults: Defaults { script: Work { quanta: 100, rounds: 3 }, ..Defaults::natural(1000, 5) },
    invariants: &[
        "the counter is the increments of the task plus the runs of the handler; what is missing was lost",
    ],
    seven: [
        "Yes. The handler of the device adds to the same counter.",
        "Yes, the first of the two: a task and an interrupt handler. This is the experiment.",
        "It could be, but there is one task only. The handler needs no scheduler to get in between.",
        "No, and the handler must not sleep either: there is no task that could be woken in its stead.",
        "It lives longer than the task and the device.",
        "Not here: task and handler share a CPU. The plain spinlock would be right if they never did.",
        "By a spinlock that is taken with interrupts off; on one CPU by interrupts off alone.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A task adds 1 to a counter; so does the handler of its device, on the same CPU. Lose every update of the \
handler. Then protect the counter with a plain spinlock and watch the machine stop. Find out who waits for whom.";

const HINT: &str = "probe=fire=counter.store lets the device interrupt between the load and the store. The handler \
returns before the task goes on, always. What follows if the handler waits for something that only the task can do?";

const EXPLANATION: &str = "The counter is 7. The task loads 7. The device interrupts; its handler loads 7, stores 8 and \
returns. The task, which knows nothing of this, stores 8. The update of the handler is lost, and so it goes each time: with an \
interrupt in every increment the counter ends at half of what it should be.\n\n\
The handler runs on top of the task, on its CPU and on its stack. That makes it different from another CPU in one \
respect: the task cannot go on before the handler has returned. Under the plain spinlock the task holds the lock, the \
handler finds it taken and spins. The holder will give it back as soon as it runs, and it will run as soon as the \
handler stops spinning. The wait-for graph has two nodes, the task and the handler above it, and the watchdog names both \
places. One CPU is enough, and on a machine of 4 CPUs it is no different: the other three look on.\n\n\
The cure is to keep the interrupt out while the lock is held. spin_lock_irqsave switches interrupts off on this CPU, then \
takes the lock; the interrupt arrives when both are undone, in the reverse order. The handler can use the plain form, \
since it runs with interrupts off already. The lock itself is there for the other CPUs: if nobody else shares the \
data, interrupts off alone is a cure (irq-off). irqsave and not simply irq: the code may have been called with \
interrupts off, and must not switch them on for its caller.\n\n\
Such code is called interrupt-safe. Code that is safe on several processors need not be, as the plain spinlock shows.\n\n\
Wrong cures: preemption off (it keeps other tasks out; the handler is no task, and needs no scheduler); softirqs off, \
as in spin_lock_bh (they run after interrupt handlers, and to postpone them postpones no handler); a semaphore or a \
mutex (down in a handler may have to sleep, and there is nobody to put to sleep but the task that was interrupted, which \
holds it: the machine says so as soon as the handler finds it taken); to compile for one CPU. In that build the \
plain spinlock has no word to spin on: the machine does not stop, it loses updates instead, silently.";
