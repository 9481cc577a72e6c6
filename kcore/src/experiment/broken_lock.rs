//! A lock made of a load and a store.

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{Owners, Refusal, Rig, Stage};
use crate::class;
use crate::settings::Form;
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "broken-lock",
    title: "a lock without test-and-set, and two tasks that own it at once",
    cause: Cause::Smp,
    races: &["R22"],
    sources: &["LKD 9, Locking", "LKD 10, Spin Locks", "LDD3 5.5, Spinlocks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // The task inside keeps its CPU while it waits for the others: on one CPU no other task gets there.
        Row::by_cpus(Form::Broken, R, C),
        Row::always(Form::Spinlock, C),
        Row::always(Form::Ticket, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Completion, C),
        Row::always(Form::Irqsave, C),
        Row::always(Form::Bh, C),
    ],
    unit: "passes through the critical section",
    known_points: &["lock.load", "lock.store", "inside"],
    points: &["lock.store", "inside"],
    script: &["A.lock.load", "B.lock.load", "A.lock.store", "B.lock.store", "A.inside"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 10),
    invariants: &["never more than one task is inside the critical section"],
    seven: [
        "Yes. A lock that only one task could reach would be no lock.",
        "No, here. A spinlock that a handler takes too must be taken with interrupts off, or the handler spins for its \
         own CPU.",
        "Yes. A task that loses the CPU between load and store finds somebody else inside when it goes on.",
        "Not while it takes the lock. Whoever holds a spinlock must not sleep at all.",
        "The lock lives as long as what it protects.",
        "Both find the lock free, and both take it.",
        "By one instruction that tests and sets in a single step.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A programmer writes: while the lock is taken, wait; then set it to taken. It works in every test on one \
CPU. Put two tasks into the critical section at the same time.";

const HINT: &str = "Compare with scull-leak: is the slot empty, then fill it. Is the lock free, then take it. Which two \
points must not be parted?";

const EXPLANATION: &str = "A loads the lock: free. B loads the lock: free. A stores taken. B stores taken, where taken stands \
already. Both go in. The laboratory counts the owners on entry: 2. All that the lock was to protect is open from here \
on, and when A leaves it sets the lock free while B is still inside, so that C may join.\n\n\
This is the race that a lock is to prevent, inside the lock. Code cannot be made safe by a test that is itself a race; at \
the bottom there must be one step of hardware that reads the old value and writes the new one before any other CPU can do \
either. On x86 that is xchg, which locks the cache line for the load and the store together. The test-and-set returns what \
was there before: of all the CPUs that try, exactly one is told that the lock was free.\n\n\
The spinlock of this laboratory is that instruction in a loop, and the semaphore and the completion are built on the \
spinlock. So each of them lets one task in at a time, and the experiment run with them is clean.\n\n\
Wrong cures: to test twice (two loads are as far from the store as one); volatile or a memory barrier between load and \
store (they fix the order in which one CPU does things, which was never wrong); to switch interrupts off (that stops this \
CPU, not the other one). It can be done with loads and stores alone, by Peterson's algorithm, but only with a full fence \
between one's own store and the load of the other's flag.";

/// One round: every task passes through the critical section `quanta` times.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let guard = Guard::<M>::new(resolved.lock, "broken.lock", class!("broken.lock"));
    let owners = Owners::default();
    stage.race(&|_| {
        for _ in 0..resolved.quanta {
            let _held = guard.enter();
            owners.pass::<M>();
        }
    })?;
    stage.add_lock(guard.stats());
    stage.run.owners = stage.run.owners.max(owners.most());
    Ok(())
}
