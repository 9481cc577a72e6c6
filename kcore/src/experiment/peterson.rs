//! A lock of loads and stores, which the store buffer undoes.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{A, C, Row};
use super::needs::{Ground, Needs};
use crate::settings::Lock;

pub(super) static ENTRY: Experiment = Experiment {
    name: "peterson",
    title: "Peterson's algorithm without a fence: proved right, and wrong on every x86",
    cause: Cause::Smp,
    races: &["R23"],
    sources: &[
        "LKD 10, Ordering and Barriers",
        "LDD3 9, I/O Registers and Conventional Memory",
        "Intel SDM vol. 3A, Memory Ordering",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // A CPU sees its own stores in its own order, so on one CPU the proof holds.
        Row::by_cpus(Lock::None, A, C),
        Row::always(Lock::Fenced, C),
        Row::always(Lock::Spinlock, C),
    ],
    unit: "passes through the critical section, as far as time allows; A plays against B, C against D",
    known_points: &["want", "look", "inside"],
    points: &["look"],
    script: &["A.want", "B.want", "A.look", "B.look", "A.inside"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(20_000, 5),
    invariants: &["never more than one task of a pair is inside the critical section"],
    seven: [
        "Yes. Each reads what the other writes.",
        "No. Only tasks get here.",
        "It does no harm: a CPU that changes tasks sees all of its own stores in order.",
        "Not in here; and whoever waits does nothing but look.",
        "The flags live as long as what they protect.",
        "Each stores its own flag and reads the other's before that store has arrived.",
        "By a full fence between one's own stores and the load of the other's flag; or by one locked instruction.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two flags and a turn: that is mutual exclusion without any special instruction, and there is a proof. Run it on \
two CPUs, some hundred thousand times, and count how often both are inside.";

const HINT: &str = "The proof says: whoever stores first is seen by the other. Stored where? Nothing can be seen of it at a \
probe point, by the way: a task that waits there has long emptied its store buffer. This race is left to chance.";

const EXPLANATION: &str = "To enter, A stores that it wants to, gives the turn to B, and waits while B wants to enter and it is \
B's turn. B does the same the other way round. If both want to, the turn has one value, and one of them waits. That is \
proved in every book, for a machine on which all loads and stores happen one after the other.\n\n\
No such machine is on sale. A CPU does not wait until a store has reached the cache; it puts it into its store buffer and \
goes on. A's flag is in A's buffer when A loads B's flag and finds it down. B's flag is in B's buffer when B loads A's flag \
and finds it down. Both go in. The order of x86 allows exactly this and nothing else: a load may pass an older store to \
another address. Every other reordering is a matter of other machines, or of the compiler, which is kept from it here by a \
compiler fence: that costs no instruction, and it does not help.\n\n\
The fence does: mfence, or any locked instruction, lets no later load begin before the buffer has been emptied. It belongs \
between one's own stores and the look at the other's flag. With it, whoever comes second sees the first, and the form fenced is \
clean. So are the spinlock and everything that is made from it, such as the semaphore: its test-and-set is a locked \
instruction, a fence by nature.\n\n\
On one CPU there is no race: a CPU reads its own stores, from the buffer if need be. And an emulator that runs \
one CPU after the other (tcg-single, icount) never shows it, since all stores have arrived when the next CPU has its \
turn: the run says so. With a thread for each CPU the emulator's CPUs have the real store buffers of its host.\n\n\
Wrong cures: volatile, or a compiler fence (the instructions are in the right order already); a release store and an acquire \
load (they do not keep a load behind a store, the one thing that is needed here); a fence in one of the two tasks only; a delay \
(the buffer is empty soon, not in time for sure).";
