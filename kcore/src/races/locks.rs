//! Counters, locks, sleepers and lists: what no driver in particular has to itself.

use super::race::Race;

const DEADLOCKS: &str = "LKD 9, Deadlocks";
const SEMAPHORES: &str = "LDD3 5.3, Semaphores and Mutexes";
const SPIN_LOCKS: &str = "LKD 10, Spin Locks";

pub(super) static R14: Race = Race {
    id: "R14",
    title: "a lost update",
    interleaving: "i = i + 1 is a load and a store. A loads 7. B loads 7. A stores 8. B stores 8. B may be a task on another \
CPU, a task that got A's CPU in between, an interrupt handler, a softirq, a tasklet or a work.",
    effect: "Two increments, and the counter went up by one.",
    proof: "Arithmetic: the counter must be the sum of all increments. What is missing was lost.",
    sources: &[
        "LKD 9, The Single Variable",
        "LKD 10, Atomic Operations",
        "LDD3 5.7, Alternatives to Locking",
    ],
    unshown: None,
};

pub(super) static R19: Race = Race {
    id: "R19",
    title: "a lost wake-up",
    interleaving: "A finds the buffer empty and is about to sleep. B puts an item in, looks for sleepers and finds none. A \
goes to sleep.",
    effect: "A sleeps for ever, and what it waits for is there.",
    proof: "The watchdog: a task of the run waits, and none is left that could wake it.",
    sources: &["LDD3 6.2, Simple Sleeping", "LKD 4, Sleeping and Waking Up"],
    unshown: None,
};

pub(super) static R20: Race = Race {
    id: "R20",
    title: "two wake for one event",
    interleaving: "A and B sleep until a flag is set. One event sets it and wakes both. A finds the flag set. B finds the flag \
set. Both clear it and go on.",
    effect: "One event is answered twice.",
    proof: "Events and answers are counted.",
    sources: &["LDD3 6.2, Simple Sleeping", "LDD3 6.2, Exclusive Waits", "LKD 4, Sleeping and Waking Up"],
    unshown: None,
};

pub(super) static R21: Race = Race {
    id: "R21",
    title: "a semaphore on the stack of its waiter",
    interleaving: "A waits in down for a semaphore in its own stack frame. B calls up, which hands A the unit. A returns from \
down and from its function, and the frame is used again. B, still in up, gives the semaphore's inner lock back.",
    effect: "A store into a frame that is in use for something else. A completion is made not to do that.",
    proof: "The frame is a block of the heap here; the waiter frees it when it returns, and the poison in it has changed.",
    sources: &["LDD3 5.4, Completions", "LKD 10, Completion Variables"],
    unshown: None,
};

pub(super) static R22: Race = Race {
    id: "R22",
    title: "a lock without test-and-set",
    interleaving: "A loads the word of the lock: free. B loads it: free. A stores: taken. B stores: taken.",
    effect: "Two owners at once.",
    proof: "Tasks inside the critical section are counted; there is one at most.",
    sources: &["LKD 9, Locking", SPIN_LOCKS, "LDD3 5.5, Spinlocks"],
    unshown: None,
};

pub(super) static R23: Race = Race {
    id: "R23",
    title: "Peterson's lock without a fence",
    interleaving: "A stores its flag and loads B's; B stores its flag and loads A's. Each store is still in the store buffer \
of its CPU when the other CPU loads.",
    effect: "Two owners at once, by a lock that is proved right for memory without buffers.",
    proof: "Tasks inside are counted. It takes two CPUs that run at the same time: on an accelerator that runs one after the \
other it cannot come, and the report says so.",
    sources: &[
        "LKD 10, Ordering and Barriers",
        "LDD3 9, I/O Registers and Conventional Memory",
        "Intel SDM vol. 3A, Memory Ordering",
    ],
    unshown: None,
};

pub(super) static R24: Race = Race {
    id: "R24",
    title: "two locks in two orders",
    interleaving: "A takes the first lock. B takes the second. A wants the second. B wants the first.",
    effect: "Both wait for ever.",
    proof: "The wait-for graph has a circle. The report names its tasks, CPUs and source lines.",
    sources: &[DEADLOCKS, "LDD3 5.6, Lock Ordering Rules"],
    unshown: None,
};

pub(super) static R25: Race = Race {
    id: "R25",
    title: "a lock that its holder wants",
    interleaving: "A holds a lock and calls a function that takes it. Or: A holds a spinlock, an interrupt comes, and its \
handler, on top of A and on the same CPU, takes it.",
    effect: "A waits for itself. The other CPUs go on, until they want that lock.",
    proof: "The wait-for graph: the owner is the waiter, or the task below the handler that waits.",
    sources: &["LDD3 5.6, Ambiguous Rules", "LDD3 5.5, Spinlocks and Atomic Context", DEADLOCKS],
    unshown: None,
};

pub(super) static R26: Race = Race {
    id: "R26",
    title: "a lock that is not given back",
    interleaving: "A takes a lock and leaves by a path that does not give it back: an error, a signal. B, later, wants the \
lock.",
    effect: "B waits for ever for a task that is gone.",
    proof: "The wait-for graph has a chain, and at its end a task that has ended. The report names the line that took the \
lock.",
    sources: &["LDD3 5.3, Using Semaphores in scull", "LDD3 5.6, Ambiguous Rules", DEADLOCKS],
    unshown: None,
};

pub(super) static R27: Race = Race {
    id: "R27",
    title: "a unit too many",
    interleaving: "A's down was interrupted, so A has nothing, and its error path calls up. From now on the semaphore has two \
units. B and C take one each.",
    effect: "Two owners at once, long after the mistake and in tasks that made none.",
    proof: "Tasks inside are counted. A mutex has an owner and refuses.",
    sources: &[SEMAPHORES, "LKD 10, Semaphores", "LKD 10, Mutexes"],
    unshown: None,
};

pub(super) static R28: Race = Race {
    id: "R28",
    title: "asleep, or too long, with a lock held",
    interleaving: "A takes a spinlock and sleeps, or calls what may sleep. B spins for the lock. Or: A holds it for so long, \
or takes it again so soon, that B never gets it.",
    effect: "B's CPU is busy with nothing; if A is to run on that CPU, for ever.",
    proof: "A function that may sleep looks whether it may, whether or not it does. How often each task had its turn is \
counted.",
    sources: &["LDD3 5.5, Spinlocks and Atomic Context", "LKD 9, Contention and Scalability", SPIN_LOCKS],
    unshown: None,
};

pub(super) static R29: Race = Race {
    id: "R29",
    title: "ABA",
    interleaving: "A stack is X, Y, Z. A loads the top X and its link Y. B pops X, pops Y, pushes X. A compares the top with X, \
finds it equal, and stores Y.",
    effect: "Y is in the stack and in B's hands; Z is in neither.",
    proof: "Each node has one owner or is in the stack, once.",
    sources: &["LDD3 5.7, Lock-Free Algorithms", "Intel SDM vol. 2A, CMPXCHG"],
    unshown: None,
};

pub(super) static R30: Race = Race {
    id: "R30",
    title: "a queue with two ends",
    interleaving: "There is one request in the queue. A adds a second one at the tail. B removes the first at the head, and \
finds that it was the last.",
    effect: "The second request is in no queue, or the tail leads to a request that was removed.",
    proof: "Each request was handed to one reader or is in the queue, once; the tail is the last one that the head leads to.",
    sources: &["LKD 9, Critical Regions and Race Conditions", "LDD3 16, Request Processing"],
    unshown: None,
};
