//! A pointer that leads to memory which is not ready.

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::stamps::Acknowledged;
use super::stage::{Refusal, Rig, Stage, read_at, stamps, write_at};

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-publish",
    title: "an array is published before it is cleared, and another task follows it",
    cause: Cause::Smp,
    races: &["R4", "R2"],
    sources: &[
        "LDD3 5.2, Concurrency and Its Management",
        "LDD3 3, scull's Memory Usage",
        "LKD 9, Knowing What to Protect",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "list items: each writer writes one quantum into each, and finds its array missing",
    known_points: SCULL,
    points: &["array.clear"],
    script: &["A.array.store", "B.array.load", "B.slot.load", "A.array.clear"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Shares),
    defaults: Defaults::natural(100, 10),
    invariants: &[
        "no task uses a pointer whose bytes are the poison of a fresh block",
        "allocated - freed = live and live - reachable = leaked, for nodes, arrays and quanta",
    ],
    seven: [
        "Yes. From the moment when the array's address stands in the list item, everybody can reach the array.",
        "No. Only tasks get here.",
        "Yes. A may lose the CPU between the store and the clearing: the next task finds the array half made.",
        "Here no. Where clearing may fault in a page or the allocator clears, it may; and the array is reachable \
         meanwhile.",
        "Nothing, without the guard.",
        "It follows the pointer to an array full of whatever was there before.",
        "By making the array ready before it is published, and by a lock for all that a reader of it relies on.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A writer needs an array of pointers. It allocates one, stores its address in the list item, and then \
clears it. Make another writer use one of the pointers before they are cleared.";

const HINT: &str = "Fresh memory is not empty. Here every fresh byte is 0x5a, so that a pointer that nobody wrote is easy to \
recognise. Stop A at array.clear, and let B load a slot.";

const EXPLANATION: &str = "A finds the item without an array, allocates one, and stores its address. Now it stands before \
the clearing. B loads the array's address: not null, so B has nothing to allocate. B loads its slot from the array and \
finds 0x5a5a5a5a5a5a5a5a: not null either, so there seems to be a quantum. A kernel would copy B's bytes to that wild \
address and oops or, worse, not oops. The laboratory recognises the poison, counts the use, and lets B return an error.\n\n\
There is a second ending, wherever fresh memory happens to hold zeros: B finds its slot null, allocates a quantum and \
stores it, and A's clearing wipes the pointer out. B's quantum is leaked, and its acknowledged bytes read back as a hole. \
With poison in fresh memory it cannot come to that; in a kernel it depends on who had the block before.\n\n\
At the rendezvous before the clearing every order is bad: a writer that looked before the first store brings an array of \
its own and one of the two is leaked; a writer that looked after it meets poison.\n\n\
LDD3 states the rule: an object is not made available to others before it can function properly. So clear first, then \
publish. Spinlock, semaphore and completion cure it in another way: whoever holds the guard is alone from the test to \
the end of the clearing, so nobody sees the array half made.\n\n\
Wrong cures: to test the slot for null more carefully (garbage is not null); to clear first but without any ordering (the \
compiler, and CPUs with weaker ordering than x86, may move the clearing behind the store: publication needs a release \
store, in Linux smp_store_release or rcu_assign_pointer). And to clear first cures only this race: two writers may still \
both find the array missing, which is scull-leak with object=array.";

/// One round: the nodes are there, the arrays are not; each task writes a byte of its own in every item, in a
/// slot of its own as long as there are some.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, items, writers) = (stage.geometry, stage.resolved.quanta as usize, stage.resolved.writers);
    let place = |item: usize, who: u32| {
        let (slot, byte) = (who as usize % geometry.qset, who as usize / geometry.qset);
        item * geometry.item_size() + slot * geometry.quantum + byte
    };
    let acknowledged = Acknowledged::of::<M>(items)?;
    stage.scull_round(
        &|device| device.prepare_nodes(items),
        &|device, who, told| {
            for item in 0..items {
                if told.result(write_at(device, place(item, who), &[stamps::of(who)]), true) {
                    acknowledged.set(item, who);
                }
            }
        },
        &mut |device, run| {
            for item in 0..items {
                for who in (0..writers).filter(|&who| acknowledged.get(item, who)) {
                    let mut byte = [0];
                    let count = read_at(device, place(item, who), &mut byte)?;
                    run.lost_updates += u64::from(count == 0 || byte != [stamps::of(who)]);
                }
            }
            Ok(())
        },
    )
}
