//! Two readers, no writer, and still a leak.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, read_at};

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-read",
    title: "two readers meet in a hole, and a node is leaked without any writer",
    cause: Cause::Smp,
    races: &["R5", "R3"],
    sources: &[
        "LDD3 3, scull's Memory Usage; read and write",
        "LDD3 5.1, Pitfalls in scull",
        "LDD3 5.6, Locking Traps",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "list items: each reader reads once a round, in the last of them",
    known_points: SCULL,
    points: &["head.store", "next.store"],
    script: &["A.head.load", "B.head.load", "A.head.store", "B.head.store"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Items),
    defaults: Defaults::natural(100, 10),
    roles: Roles::All(Role::Read),
    invariants: &[
        "allocated - freed = live, for nodes, arrays and quanta",
        "live - reachable = leaked, where reachable is what a walk of the device finds",
        "a read in a hole returns 0, whoever wins",
    ],
    seven: [
        "Yes. The list belongs to the device, and every reader walks the same one.",
        "No. Only tasks read scull.",
        "Yes. A reader that loses the CPU after it found no next node comes back to allocate it a second time.",
        "In Linux, yes: in kmalloc, after it found that the node is missing.",
        "Nothing, without the guard: a task that opens the device write-only frees the list under the reader.",
        "Both readers find the node missing and both append one.",
        "By the device's lock, which read takes exactly as write does.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "The device has a size but no list behind it: a hole from end to end. Nobody writes. Several tasks read, \
far into the hole. Find out who leaks memory, and how much.";

const HINT: &str = "How does read come to list item k? Follow it there. What does it do when an item on the way is \
missing?";

const EXPLANATION: &str = "To reach list item k, read follows the list from its head, and follow builds each node that is \
missing. A loads the head and finds null. B loads the head and finds null. A allocates a node and stores it as the head. B \
allocates a node and stores it as the head. A goes on along its own node, which no longer belongs to the device, and \
builds all further items behind it; B does the same behind the node that stayed.\n\n\
One fork at the head therefore costs a whole branch: with n readers that meet there and read in the last of k items, n x k \
nodes are allocated, k are reachable, (n - 1) x k are leaked. The readers notice nothing: a read in a hole returns 0 bytes \
in every branch.\n\n\
Where does such a hole come from? Every write builds the nodes up to its own position, so a healthy scull has none. But \
a reader that has passed the test of the size finds one when a trim comes in between, and a truncate that lengthens the \
file would leave one too. The experiment sets the size by hand.\n\n\
The lesson is about names. A function called read need not leave the data alone, and what must be protected is the data, \
not the code that sounds dangerous.\n\n\
The cures are those of scull-leak: spinlock, semaphore or completion, taken by read before it looks at the head and given \
back after the copy. They work because all readers and writers then follow the list one at a time, and the second finds \
the nodes that the first built.\n\n\
Wrong cures: to lock writers only, because readers do not change anything (they do); a reader-writer lock that read takes \
for reading (it lets all readers in together, and they are the ones that race); to lock inside follow, since trim and \
write call it with the lock already held and would wait for themselves. A read that does not build what is missing, but \
stops where the list ends, needs no allocation at all: the better design.";

/// One round: the device has a size and no list; each reader reads once, in the last list item.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let item = stage.geometry.item_size();
    let items = stage.resolved.quanta as usize;
    stage.scull_round(
        &|device| {
            device.prepare_hole(items * item);
            Ok(())
        },
        &|device, _, told| {
            let mut byte = [0];
            told.result(read_at(device, (items - 1) * item, &mut byte), false);
        },
        &mut |_, _| Ok(()),
    )
}
