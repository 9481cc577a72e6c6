//! The race of the book: two writers, one empty slot, one quantum forgotten.

use super::entry::{Cause, Certain, Defaults, Experiment, Quanta, Usually, Variant};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::stamps::Acknowledged;
use super::stage::{Refusal, Rig, Stage, read_at, stamps, write_at};
use crate::settings::Object;

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-leak",
    tears: true,
    title: "two writers fill the same empty slot, and a quantum is leaked",
    cause: Cause::Smp,
    races: &["R1", "R2", "R3"],
    sources: &[
        "LDD3 5.1, Pitfalls in scull",
        "LDD3 5.3, Semaphores and Mutexes",
        "LDD2 3, A Brief Introduction to Race Conditions",
        "LKD 9, Critical Regions and Race Conditions",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "slots: each writer fills the same ones (for object=array and object=node: arrays, the head)",
    known_points: SCULL,
    points: &["slot.store"],
    script: &["A.slot.load", "B.slot.load", "A.slot.store", "B.slot.store"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults::natural(1000, 10),
    invariants: &[
        "allocated - freed = live, for nodes, arrays and quanta",
        "live - reachable = leaked, where reachable is what a walk of the device finds",
        "every acknowledged byte reads back as some writer wrote it, not as a hole",
    ],
    seven: [
        "Yes. The device is one for all who open it, and so are its list, its arrays and its slots.",
        "No. Only tasks get here: scull has no interrupt.",
        "Yes. Between the test of the slot and the store it may lose the CPU, so one CPU is enough for the race.",
        "In Linux, yes: kmalloc with GFP_KERNEL and the copy from user space may both sleep, with the slot tested and \
         not yet filled. Here neither does, which is why a spinlock is among the cures.",
        "Nothing, without the guard: a trim in another task frees the list under the writer.",
        "Both find the slot empty. That is the experiment.",
        "By one lock for each device, taken before the list is looked at and given back when the bytes are copied.",
    ],
    variants: VARIANTS,
    ..Experiment::USUAL
};

/// Arrays are twice as large as quanta, and each has a list item of its own.
static VARIANTS: &[Variant] = &[
    Variant {
        object: Object::Quantum,
        points: &["slot.store"],
        script: &["A.slot.load", "B.slot.load", "A.slot.store", "B.slot.store"],
        ground: Ground::Quanta,
        quanta: Quanta::Usual,
    },
    Variant {
        object: Object::Array,
        points: &["array.store"],
        script: &["A.array.load", "B.array.load", "A.array.store", "B.array.store"],
        ground: Ground::Items,
        quanta: Quanta::AtMost(100),
    },
    Variant {
        object: Object::Node,
        points: &["head.store"],
        script: HEAD,
        ground: Ground::Quanta,
        quanta: Quanta::Only(1, "a list has one head"),
    },
    Variant {
        object: Object::All,
        points: &["head.store", "next.store", "array.store", "slot.store"],
        script: HEAD,
        ground: Ground::Quanta,
        quanta: Quanta::Usual,
    },
];

const HEAD: &[&str] = &["A.head.load", "B.head.load", "A.head.store", "B.head.store"];

const GOAL: &str = "Several writers write to the same place of an empty scull device. Make them lose memory: blocks that \
were allocated, are not freed, and that nothing points to any more. Say how many before you run it. Then choose a lock \
that keeps the loss at 0.";

const HINT: &str = "Before a writer stores into a slot it asks whether the slot is empty. How old is the answer when the \
store happens? Meet there: probe=rendezvous=slot.store.";

const EXPLANATION: &str = "A loads the slot and finds null. B loads the slot and finds null too. A allocates a quantum and \
stores its address in the slot. B allocates another and stores that. The slot holds one address: B's. A's quantum is \
alive, and no pointer in the machine leads to it.\n\n\
Nobody is told. Both writes return success. A may even have copied its bytes into its own quantum before B's store: then \
they were acknowledged and are gone. With n writers that all test before any of them stores, each slot costs n - 1 quanta, \
so a run at the rendezvous leaks exactly (n - 1) x quanta x rounds. The same pattern one level up loses more: a lost \
array takes all the quanta that already hang on it along (object=array), a lost node a whole branch of the list \
(object=node).\n\n\
Why it is rare without help: the window from test to store is a few instructions and one allocation. LDD3's answer is \
that what happens once in a million happens every few seconds on a busy machine.\n\n\
The cures make test, allocation and store one step for everyone who takes the same lock. The spinlock: one test-and-set \
decides who goes in, all others try again until it is cleared; its holder must not sleep. The semaphore, initialised to \
1: down takes the one unit, whoever comes later sleeps until up. This is what LDD3 puts into scull, because there the \
holder allocates and copies from user space and may sleep. The completion, completed once at the start, is a token: \
whoever waits for it successfully holds it and completes it again at the end.\n\n\
Wrong cures: to lock only the store (the test was made before, its answer is stale); to test again just before the store \
(the window shrinks and stays); to make the store atomic (it is, already: a single aligned mov). A lock in write alone is \
not enough either, since read fills holes in the list as well: see scull-read. What does work without a lock is a \
compare-and-swap on the slot whose loser frees its own quantum.";

/// One round.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let object = stage.resolved.object.unwrap_or(Object::Quantum);
    let (geometry, quanta, writers) =
        (stage.geometry, stage.resolved.quanta as usize, stage.resolved.writers);
    // Arrays are told apart by the list item that they hang on, quanta by their slot.
    let stride = if object == Object::Array { geometry.item_size() } else { geometry.quantum };
    let items = (quanta * stride).div_ceil(geometry.item_size());
    let mut read = stamps::buffer::<M>(geometry.quantum, 0)?;
    let acknowledged = Acknowledged::of::<M>(quanta)?;
    stage.scull_round(
        &|device| match object {
            Object::Quantum => device.prepare_arrays(items),
            Object::Array => device.prepare_nodes(items),
            Object::Node | Object::All => Ok(()),
        },
        &|device, who, told| {
            let Some(stamp) = told.stamp::<M>(geometry.quantum, who) else { return };
            for index in 0..quanta {
                if told.result(write_at(device, index * stride, &stamp), true) {
                    acknowledged.set(index, who);
                }
            }
        },
        &mut |device, run| {
            for index in (0..quanta).filter(|&index| acknowledged.any(index)) {
                let count = read_at(device, index * stride, &mut read)?;
                if count < read.len() {
                    run.lost_updates += 1;
                } else if stamps::author(&read, writers).is_none() {
                    run.torn += 1;
                }
            }
            Ok(())
        },
    )
}
