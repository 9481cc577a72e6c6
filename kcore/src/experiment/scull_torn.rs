//! One quantum, two authors.

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, prepare_quanta, read_at, stamps, write_at};

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-torn",
    tears: true,
    title: "two writers copy into one quantum, and it holds half of each",
    cause: Cause::Smp,
    races: &["R10"],
    sources: &[
        "LDD3 5.2, Concurrency and Its Management",
        "LDD3 3, read and write",
        "LKD 9, Why Do We Need Protection?",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "quanta: each writer writes the same ones, which exist already",
    known_points: SCULL,
    points: &["copy.half"],
    script: &["A.copy.start", "B.copy.start", "B.copy.half", "A.copy.half"],
    certain: Certain { script: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Halves),
    defaults: Defaults::natural(200, 10),
    invariants: &["each quantum carries the stamp of exactly one write from its first byte to its last"],
    seven: [
        "Yes. The bytes of a quantum are what the device is for.",
        "No. Only tasks get here.",
        "Yes. A copy of 4000 bytes can be interrupted between any two of them.",
        "In Linux, yes: the copy from user space sleeps when a page is not there, with half of the bytes written.",
        "Nothing, without the guard: see scull-trim.",
        "Both copy into the same bytes at once.",
        "By the device's lock, held over the whole copy.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two writers write 4000 bytes each to the same place: A writes only As, B writes only Bs. All memory is \
there already, so nothing can leak. Make the device hold something that neither of them wrote.";

const HINT: &str = "A store of one machine word is all or nothing. A copy of 4000 bytes is a few hundred stores. Stop A \
half way: copy.half.";

const EXPLANATION: &str = "A begins to copy and comes half way: the first half is A's. B begins and overwrites the first \
half, then goes on and writes the second half too: for a moment the quantum is all B's. A wakes and finishes what it had \
begun: its second half. Now the first half is B's and the second is A's. Both writes returned 4000. Whatever order you \
put them in, the result cannot be explained: no one after the other gives it.\n\n\
Nothing is lost by count, every pointer is right and the sizes agree. Only the contents are wrong, and only a reader who \
knows what belongs together can tell. Here each write carries a stamp.\n\n\
The lock must cover all that has to change together. Spinlock, semaphore and completion do, when they are held from before \
the first byte until after the last; then the second copy overwrites the first as a whole, and that is a legal outcome. In \
Linux it has to be the semaphore or a mutex: a copy from user space may sleep, and who sleeps must not hold a spinlock.\n\n\
Wrong cures: to hold the lock while the quantum is looked up and let go before the copy, because copying is slow (the \
pointer was protected, the data was not); to rely on word-sized atomic stores (each word is whole, the quantum is not); \
to lock writers against each other but not against readers, who then see the mixture while it lasts.";

/// One round: the quanta are all there; every task writes all of them.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, quanta, writers) =
        (stage.geometry, stage.resolved.quanta as usize, stage.resolved.writers);
    let mut bytes = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    let blank = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    stage.scull_round(
        &|device| prepare_quanta(device, quanta, &blank),
        &|device, who, told| {
            let Some(stamp) = told.stamp::<M>(geometry.quantum, who) else { return };
            for index in 0..quanta {
                told.result(write_at(device, index * geometry.quantum, &stamp), true);
            }
        },
        &mut |device, run| {
            for index in 0..quanta {
                let count = read_at(device, index * geometry.quantum, &mut bytes)?;
                run.torn += u64::from(stamps::author(&bytes[..count], writers).is_none());
            }
            Ok(())
        },
    )
}
