//! The same address is not the same thing.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Lock;

pub(super) static ENTRY: Experiment = Experiment {
    name: "aba",
    title: "a compare-and-swap finds what it expects, and it is not what it was",
    cause: Cause::Smp,
    races: &["R29"],
    sources: &["LDD3 5.7, Lock-Free Algorithms", "LKD 10, Atomic Operations", "Intel SDM vol. 2A, CMPXCHG"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Lock::None, R), Row::always(Lock::Tagged, C), Row::always(Lock::Spinlock, C)],
    unit: "nodes that each task takes and keeps; readers just pop, writers pop two and push the first back",
    known_points: &["top.load", "top.store", "next.load", "next.store"],
    points: &["top.store"],
    script: &["A.top.load", "A.next.load", "B.top.store", "B.top.store", "B.top.store", "A.top.store"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 10),
    roles: Roles::Alternate(Role::Read, Role::Write),
    invariants: &["each node has one owner or is in the stack, once"],
    seven: [
        "Yes. The top of the stack is one word for all.",
        "It could be: that is what lock-free lists are good for. The tag protects against a handler as well.",
        "Yes, and longer than by a race of CPUs: a task that is preempted before its swap leaves time for any number of \
         pops and pushes.",
        "No. Between the load and the swap nothing sleeps.",
        "Nothing says that a node which was read is still in the stack: that is the experiment.",
        "One of them wins the swap and the other tries again, which is right as long as a value never comes back.",
        "By a number beside the pointer that changes with every swap, in the same word; or by a lock.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A stack without a lock: pop reads the top and what comes after it, and replaces the one by the other with a \
compare-and-swap, which fails if the top has changed. It did not change, the swap succeeds, and the stack is corrupt. \
How?";

const HINT: &str = "The swap compares the top with what it was. It cannot compare what has happened in between. Take two nodes \
away and put the first one back.";

const EXPLANATION: &str = "The stack is X, Y, Z. A wants to pop: it loads the top, X, and the link of X, Y. Before it swaps, \
B pops X, pops Y, and pushes X again; the stack is X, Z, and Y is B's. Now A's compare-and-swap asks whether the top is X. \
It is. A stores Y as the top and goes off with X. Y is in the stack and in the hands of B at once: the next pop hands it \
out a second time. Z was reached through X alone, and X is gone: Z is lost, with all that hangs on it.\n\n\
The comparison tests a value where a history was meant. A thing that was A, then B, then A again looks as if nothing had \
happened, hence the name. It needs addresses that come back, and they do: allocators like to hand out what was freed \
last, so a swap of pointers to fresh objects meets it as well.\n\n\
Tags: put a serial number beside the pointer, in the same word that is swapped, and add 1 with every swap. After B's three \
swaps the top is X again, but the number is 3 farther on; A's swap fails, A reads again, and pops X from the stack as it \
is now. Here the link is an index of 32 bits and the tag has the other 32; with whole pointers it takes cmpxchg16b. The \
tag is as good as it is long: one that has gone round once during one pop is back at A.\n\n\
The spinlock cures it in the simplest way: nobody comes in between, so the swap never has to fail and a plain store would do. \
It costs one locked instruction, just as the swap does, and it waits for its holder. A semaphore would do for tasks as well; nobody would put \
one on a path of three instructions.\n\n\
Wrong cures: to read the top once more before the swap (the swap does that already); to poison the link of a popped node \
(A has read it before); to set a stronger memory order (nothing was out of order). Besides tags there is the way not to let \
a value come back while anybody may hold it: hazard pointers, or reuse only after a grace period, as RCU does.";
