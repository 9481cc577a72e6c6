//! The object of a timer is freed while its handler runs.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Smallest, Work};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "timer",
    title: "the owner deletes its timer and frees the object; the handler still runs",
    cause: Cause::Interrupts,
    races: &["R8"],
    sources: &["LDD3 7.4, The Timer API", "LKD 11, Using Timers; Timer Race Conditions"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::by_cpus(Form::None, R, C), Row::always(Form::Synchronous, C)],
    unit: "objects with a timer: armed, expired, deleted and freed one after the other",
    known_points: &["expired", "deleted"],
    certain: Certain { off: true, ..Certain::NEVER },
    placement: Placement::FirstCpu,
    tasks: Some(1),
    smallest: Smallest { tasks: 1, quanta: 1 },
    needs: Needs::on(Ground::Own),
    defaults: Defaults {
        natural: Work { quanta: 10, rounds: 3 },
        rendezvous: Work { quanta: 10, rounds: 3 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &[
        "no object is written to after it was freed",
        "allocated - freed = live, where each object counts as a quantum",
    ],
    seven: [
        "Yes. The handler of the timer has the object's address.",
        "A task and a timer share it, and timers are softirqs. No interrupt handler does.",
        "No second task makes this access. It is the handler that does.",
        "The handler must not sleep. The owner must, or spin, until the handler has ended: that is the cure.",
        "This is the question. Nothing does, unless the owner waits for the handler before it frees.",
        "The owner executes on one processor, the handler on the one that the timer was armed on.",
        "By an order: delete the timer, wait until its handler has ended, and free the object only then.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "An object carries a timer. Its owner does what looks right: it deletes the timer, then frees the object. Let \
the handler write into freed memory. Say how many CPUs it takes, and why one is not enough.";

const HINT: &str = "To delete a timer takes it off the list of those that will expire. Is one that has just expired still on \
that list?";

const EXPLANATION: &str = "The timer was armed on CPU 1 and expires there, and is taken off its list. The handler begins. On CPU 0 \
the owner deletes the timer: it is on no list, so there is nothing to take off, and the call returns at once. The owner frees \
the object. Now the handler, which has had the object's address all the time, writes to it. In a real kernel the block may \
belong to somebody else by then; here freed blocks stay in quarantine, full of poison, and the write shows. (Nothing is \
left to chance: the handler waits for the owner as long as the owner does not wait for it.)\n\n\
On one CPU it cannot happen. A timer handler is a softirq: it runs on top of the owner and ends before the owner goes on, so the \
owner deletes either a timer that has not expired or one whose handler is through.\n\n\
The cure is a different call. del_timer_sync takes the timer off the list and then, should its handler be running on some \
CPU, waits for the end of it. After that nobody has the address, and the object can go. This is an instance of a rule: an \
object lives until the last reference to it is gone, and a handler that runs is a reference. Devices, modules and \
workqueues have the same race, and the same cure under other names (free_irq waits for the handler, cancel_work_sync for the \
work).\n\n\
The synchronous form has its own traps. It must not be called in interrupt context, since it waits. And it must not be \
called with a lock held that the handler takes: the caller waits for the handler and the handler for the caller, and neither \
a spinlock nor a semaphore is to blame. A handler that arms its own timer again has to be told first to leave that.\n\n\
Wrong cures: to look whether the timer is pending and free if it is not (it is not pending while its handler runs); to wait \
for a while between the two calls; a spinlock inside the object (it is freed together with what it protects, and the handler \
spins in freed memory); a lock around the deletion alone.";
