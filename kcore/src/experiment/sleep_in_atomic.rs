//! An allocation that may sleep, with a lock held.

use super::entry::{Cause, Certain, Defaults, Experiment, Work};
use super::matrix::{C, I, Row};
use super::needs::{Ground, Needs};
use super::points::INSIDE;
use super::stage::{Block, Refusal, Rig, Stage};
use crate::class;
use crate::errno::Errno;
use crate::event::might_sleep;
use crate::settings::Form;
use crate::shared::probe;
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "sleep-in-atomic",
    title: "kmalloc that may sleep, under a spinlock: reported though it does not sleep",
    cause: Cause::Sleeping,
    races: &["R28", "R33"],
    sources: &[
        "LDD3 5.5, Spinlocks and Atomic Context",
        "LDD3 8.1, The Flags Argument",
        "LKD 10, Spin Locks",
        "LKD 12, gfp_mask Flags",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::Spinlock, I),
        Row::always(Form::Irqsave, I),
        // In a kernel without preemption there is nothing to switch off.
        Row::each(Form::PreemptOff, [I, C, I, C, I, C]),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Mutex, C),
    ],
    unit: "allocations of each task, with the lock held",
    known_points: &["inside"],
    points: &["inside"],
    script: &["A.inside", "B.inside"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults {
        natural: Work { quanta: 10, rounds: 3 },
        rendezvous: Work { quanta: 10, rounds: 3 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &[
        "nobody who may sleep is called while a spinlock is held, or with preemption or interrupts off",
        "allocated - freed = live, where each block counts as a quantum",
    ],
    seven: [
        "Yes. The list that the blocks are hung on is common to both tasks.",
        "No. Only tasks get here; it is the lock that makes them atomic.",
        "Not under these locks.",
        "It is not supposed to, and calls something that may. This is the experiment.",
        "The lock: a block is freed by whoever takes it off the list.",
        "It spins until the holder lets go, or for ever if the holder sleeps.",
        "By a lock whose holder may sleep; or by allocating before the lock is taken.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A function takes a spinlock and allocates under it. It has passed every test: there was always enough \
memory. Prove that it is wrong without running out of memory.";

const HINT: &str = "Whether an allocation sleeps depends on how much memory is left. Whether it may sleep depends on its flags \
alone. Which of the two can be checked each time?";

const EXPLANATION: &str = "The task holds a spinlock and calls kmalloc with GFP_KERNEL. There is memory, so it gets its block, and all \
is well. On the day on which there is none, kmalloc writes pages to a disk and sleeps until that is done. Another task of \
the same CPU then wants the lock, and spins for a holder that cannot run. It is a deadlock that shows when the machine is \
short of memory, that is, at a customer's.\n\n\
So the question is not whether it sleeps. Every function that may sleep begins with might_sleep(), which asks where it \
has been called: with preemption off, with interrupts off, in a softirq or in a handler. If so it reports at once, with the \
place where the context became atomic and the place that was about to sleep. Linux does this when it is built for debugging, \
and prints the line that every driver author has seen: sleeping function called from invalid context. Here the run is \
stopped with the verdict invalid-context; nobody has slept and nothing has hung.\n\n\
This turns a race against chance into an error that shows each time, in the first test. It is the cheapest tool of the \
whole laboratory, and the reason why wrapping may-sleep functions in something that looks harmless is such a bad \
service: what cannot be seen in the code can at least be checked when it runs.\n\n\
The cures: a lock whose holder may sleep (semaphore, mutex), if the callers may sleep. Or to allocate before the lock is \
taken, and free again if it turns out not to be needed. Or GFP_ATOMIC, which never sleeps and fails instead; then the \
failure must be handled, and with a lock held that is seldom pleasant.\n\n\
Preemption off counts as atomic where there is such a thing. In a kernel built without preemption it is nothing, so \
nothing is reported; nor is there anything wrong, since the task really may sleep.\n\n\
Wrong cures: to take out the check; to ask in_atomic() and choose the flags by the answer (a kernel without \
preemption does not count spinlocks, so the answer may be no with a lock held; this laboratory knows better only \
because it hears of every lock); GFP_ATOMIC everywhere (its reserve is small, and is there for handlers).";

/// Bytes of a block.
const SIZE: usize = 256;

/// One round: every task allocates a block in the critical section, `quanta` times, and frees it outside.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let guard = Guard::<M>::new(resolved.lock, "list.lock", class!("list.lock"));
    stage.heap_round(&|_, told| {
        for _ in 0..resolved.quanta {
            let held = guard.enter();
            probe::<M>(&INSIDE);
            let block = kmalloc::<M>();
            drop(held);
            if block.is_err() {
                told.refused();
            }
        }
    })?;
    stage.add_lock(guard.stats());
    Ok(())
}

/// What kmalloc with GFP_KERNEL is to its caller: a function that may sleep, and says so whether it sleeps or
/// not.
#[track_caller]
fn kmalloc<M: Rig>() -> Result<Block<M>, Errno> {
    might_sleep::<M>();
    Block::allocate(SIZE)
}
