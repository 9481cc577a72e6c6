//! What becomes of a scull device when its lock is taken out: a list of nodes, in each an array of pointers
//! to quanta.

use super::race::Race;

const PITFALLS: &str = "LDD3 5.1, Pitfalls in scull";
const MANAGEMENT: &str = "LDD3 5.2, Concurrency and Its Management";
const MEMORY: &str = "LDD3 3, scull's Memory Usage";
const CALLS: &str = "LDD3 3, read and write";

pub(super) static R1: Race = Race {
    id: "R1",
    title: "a quantum is leaked",
    interleaving: "A loads the slot: null. B loads the slot: null. A allocates a quantum and stores its address. B \
allocates another and stores that one over it.",
    effect: "Nothing leads to A's quantum any more. Of n tasks that test before any of them stores, n - 1 leak a quantum \
for each slot. All of them return success.",
    proof: "The ledger: live - reachable = leaked, for quanta. The log of stores names the two stores.",
    sources: &[PITFALLS, "LDD3 5.3, Semaphores and Mutexes"],
    unshown: None,
};

pub(super) static R2: Race = Race {
    id: "R2",
    title: "an array is leaked, and what hangs on it",
    interleaving: "As R1, one level up: A and B both find the node without an array. A stores its array and goes on to \
hang a quantum on it. B stores its own array over A's.",
    effect: "The array and its quanta are leaked, and bytes of which A was told that they were written read as a hole.",
    proof: "The ledger, for arrays and quanta. Each write that returned success is read back.",
    sources: &[PITFALLS, "LDD3 5.3, Semaphores and Mutexes"],
    unshown: None,
};

pub(super) static R3: Race = Race {
    id: "R3",
    title: "a node is leaked, and the list forks",
    interleaving: "As R1, at the head of the list or at the link of a node: A and B both find it null and both store a \
node. The one whose node was stored over goes on along its own.",
    effect: "A branch of the list is leaked: that node, and all nodes that are built behind it.",
    proof: "The ledger, for nodes.",
    sources: &[PITFALLS, MEMORY],
    unshown: None,
};

pub(super) static R4: Race = Race {
    id: "R4",
    title: "published before it is initialised",
    interleaving: "A allocates an array and stores its address in the node. B loads that address, and a pointer out of \
the array. Only then does A clear the array.",
    effect: "B follows what the memory held before. If that was null, B hangs a quantum there and A's clearing wipes the \
pointer out: the quantum is leaked.",
    proof: "Each fresh byte is 0x5a here; a pointer of such bytes is recognised, counted and not followed.",
    sources: &[MANAGEMENT, MEMORY],
    unshown: None,
};

pub(super) static R5: Race = Race {
    id: "R5",
    title: "two readers leak",
    interleaving: "The device has a size and no list: a hole. A and B read in it. read makes the nodes that are missing \
on its way, so both find the head null and both store a node.",
    effect: "A leak without a writer.",
    proof: "The ledger, for nodes. Both reads return 0 bytes, as they should.",
    sources: &[MEMORY, PITFALLS, "LDD3 5.6, Locking Traps"],
    unshown: None,
};

pub(super) static R6: Race = Race {
    id: "R6",
    title: "the size goes backwards",
    interleaving: "A has written up to byte 8000, B up to byte 4000. A loads the size: less than 8000. B loads the size: \
less than 4000. A stores 8000. B stores 4000.",
    effect: "read stops at 4000. The bytes behind are there, were acknowledged, and cannot be reached.",
    proof: "When all writers are done, the size is the highest end of any acknowledged write.",
    sources: &[CALLS, PITFALLS, "LKD 9, The Single Variable"],
    unshown: None,
};

pub(super) static R7: Race = Race {
    id: "R7",
    title: "a size that is out of date",
    interleaving: "A reads: its position is below the size. B opens the device write-only, which empties it. A goes on \
with the answer of its test.",
    effect: "A short read of bytes that are no longer in the device, or a walk through memory that B has freed: R8.",
    proof: "read loads the size twice, for the test and for the limit; the second value may be smaller. A read that \
returns less is not wrong by itself, so no sum tells it from a right one.",
    sources: &[CALLS, MANAGEMENT],
    unshown: Some(
        "No experiment shows it by itself. Where it does harm it ends in R8, which scull-trim, soak and multithread-write \
show.",
    ),
};

pub(super) static R8: Race = Race {
    id: "R8",
    title: "use after free",
    interleaving: "A has loaded the address of a block. B frees the block: by a trim, or because it thinks that the handler \
of a timer is through. A reads or writes it.",
    effect: "A writes into memory that may belong to another part of the kernel by then, or reads from it.",
    proof: "A freed block stays where it is until the round is over, filled with 0x6b. A byte that changed was written to; \
a pointer of such bytes was read from it.",
    sources: &[MEMORY, MANAGEMENT, "LKD 9, Knowing What to Protect"],
    unshown: None,
};

pub(super) static R9: Race = Race {
    id: "R9",
    title: "double free",
    interleaving: "A and B both open the device write-only. A loads a pointer, B loads the same pointer. A frees the block. \
B frees it again.",
    effect: "An allocator that believes both hands the block out twice.",
    proof: "The ledger knows each block as live or freed, and refuses and counts the second free.",
    sources: &[MEMORY, MANAGEMENT],
    unshown: None,
};

pub(super) static R10: Race = Race {
    id: "R10",
    title: "torn contents",
    interleaving: "A copies the first half of its bytes into a quantum. B copies all of its own into the same one. A copies \
the second half. Or A reads: it loads the first half before B writes, and the second half after that.",
    effect: "The quantum holds bytes of two writes, and both returned success. Or what was written as one thing is read as two \
halves that never were there together.",
    proof: "Each write writes one stamp. What has two stamps in it is torn.",
    sources: &[MANAGEMENT, CALLS, "LKD 9, Why Do We Need Protection?"],
    unshown: None,
};
