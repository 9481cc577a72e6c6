//! The smallest race: one variable, one line.

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::stage::{Count, Refusal, Rig, Stage};

pub(super) static ENTRY: Experiment = Experiment {
    name: "counter",
    title: "i = i + 1 on several CPUs, and the sum is too small",
    cause: Cause::Smp,
    races: &["R14"],
    sources: &[
        "LKD 9, The Single Variable",
        "LKD 10, Atomic Operations",
        "LDD3 5.7, Alternatives to Locking",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "increments",
    known_points: &["counter.load", "counter.store"],
    points: &["counter.store"],
    script: &["A.counter.load", "B.counter.load", "A.counter.store", "B.counter.store"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(2000, 5),
    invariants: &["the counter is tasks x increments x rounds; what is missing was lost"],
    seven: [
        "Yes. The counter is global.",
        "No, here. Where an interrupt handler counts too, a lock that leaves interrupts on is not enough.",
        "Yes. The value in the register grows old while the task is off the CPU.",
        "No. Nothing between load and store can sleep.",
        "It is static and never freed.",
        "Both load the same number and both store its successor.",
        "By a lock around load and store; or better, for a lone number, by one atomic addition.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "n tasks add 1 to a counter, k times each. Make the sum differ from n x k. What is the smallest sum you can \
force?";

const HINT: &str = "i = i + 1 is a load, an addition in a register, and a store. Let everyone load before anyone stores: \
probe=rendezvous=counter.store.";

const EXPLANATION: &str = "The counter is 7. A loads 7. B loads 7. A stores 8. B stores 8. Two increments have been made and \
one of them is lost. If all n tasks meet between load and store each time, they count together like one task: n - 1 of n \
increments are lost, and the sum is k instead of n x k.\n\n\
Every access here is atomic as such: an aligned word is loaded or stored in one piece. It is the pair that is not, and \
that is what a critical region is: accesses that must not be torn apart.\n\n\
With a lock the pair becomes one step. B cannot load before A has stored and let go, so it loads 8 and stores 9. Spinlock, \
semaphore and completion all do, at very different prices: to put a task to sleep for three instructions costs a thousand \
times what it protects. For one number the cheapest cure is one instruction that loads, adds and stores as a whole: lock \
xadd on x86, atomic_t in Linux.\n\n\
Wrong cures: volatile (the compiler really loads and really stores, and the two remain two); an atomic load and an atomic \
store; the x86 instruction incl without the lock prefix (one instruction, but two accesses: safe against an interrupt on \
the same CPU, not against another CPU); to lock the store alone.";

/// One round: every task adds 1 to the counter, `quanta` times.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let count = Count::new(resolved.lock);
    stage.race(&|_| (0..resolved.quanta).for_each(|_| count.increment()))?;
    count.close(u64::from(resolved.writers) * u64::from(resolved.quanta), stage);
    Ok(())
}
