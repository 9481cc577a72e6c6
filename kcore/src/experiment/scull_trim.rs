//! Freed under the writer's hands, and freed twice.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, prepare_quanta, stamps, write_at};
use crate::scull::Mode;

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-trim",
    title: "the device is emptied while it is written to: use after free, double free",
    cause: Cause::Smp,
    races: &["R8", "R9"],
    sources: &[
        "LDD3 3, scull's Memory Usage; the open method",
        "LDD3 5.2, Concurrency and Its Management",
        "LKD 9, Knowing What to Protect",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "quanta of the device when a round begins: writers write them all, trimmers free them all",
    known_points: SCULL,
    points: &["trim.free"],
    script: &["A.copy.start", "B.trim.walk", "B.trim.done", "A.copy.half"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults::natural(100, 10),
    roles: Roles::WriteAndTrim,
    invariants: &[
        "no block is freed twice",
        "no block is read or written after it was freed",
        "allocated - freed = live and live - reachable = leaked, for nodes, arrays and quanta",
    ],
    seven: [
        "Yes. Every open file of the device leads to the same list.",
        "No. Only tasks get here.",
        "Yes. A writer that loses the CPU in its copy may find the quantum freed when it goes on.",
        "In Linux, yes: in the copy from user space, with the quantum's address in a register.",
        "Nothing, without the guard. This is the question that the experiment asks.",
        "Both trims walk the same list and free each block of it.",
        "By the device's lock, in open (which trims) as in write and read: whoever holds a pointer holds the lock.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "To open scull write-only empties it. Open it while somebody writes, and make the writer write into memory \
that has been freed. Then open it twice at the same time, and free a block twice.";

const HINT: &str = "The writer has the address of its quantum in a register, and no lock. Who else knows that address, and \
what may they do with it? For the double free, let all tasks meet at trim.free.";

const EXPLANATION: &str = "Use after free. A looks up its quantum and has copied the first half. B opens the device \
write-only: trim walks the list and frees every quantum, every array, every node. A copies its second half, to an address \
that is nobody's any more. In a kernel the block may belong to somebody else by then: an inode, a credential. Here a freed \
block stays in quarantine, filled with 0x6b, so that the write is seen and harms no one.\n\n\
Double free. A and B both open write-only. A loads the head, B loads the same head. A loads a slot and stands before \
kfree; B loads the same slot and stands before kfree. A frees the quantum. B frees it again. An allocator that believes \
this hands the same block out to two owners later, far away from the cause. Left to chance, B also reads pointers \
out of blocks that A has freed already.\n\n\
At the rendezvous every task trims, and n tasks that meet before each kfree free every quantum, every array and every \
node n times: n - 1 times too often.\n\n\
The locks cure both because finding a block and using it are one critical section: as long as a writer holds the \
lock it is certain that its quantum lives, and a trim that waited finds an empty list. Spinlock, semaphore or \
completion: any of them does, if open takes it too. LDD3 asks for just that: who can reach an object must see it \
either alive or certain to be gone.\n\n\
Wrong cures: to set a pointer to null after kfree (the other task has its own copy in a register); to lock trim against \
trim only (no more double free, but the writer still writes to freed memory); to test the pointer once more before the \
copy (it may be freed during the copy); to lock the device in write and forget the variants of open. Where copies are long \
and locks are short, the answer is a reference count: the block lives until its last user lets it go.";

/// One round: the quanta are all there; writers write all of them, trimmers open the device write-only.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, quanta) = (stage.geometry, stage.resolved.quanta as usize);
    let resolved = stage.resolved;
    let blank = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    stage.scull_round(
        &|device| prepare_quanta(device, quanta, &blank),
        &|device, who, told| match resolved.role(who) {
            Role::Trim => drop(device.open(Mode::Write)),
            Role::Write | Role::Read => {
                let Some(stamp) = told.stamp::<M>(geometry.quantum, who) else { return };
                for index in 0..quanta {
                    told.result(write_at(device, index * geometry.quantum, &stamp), true);
                }
            }
        },
        &mut |_, _| Ok(()),
    )
}
