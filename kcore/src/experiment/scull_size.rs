//! A file that gets shorter by being written to.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::TASKS;
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, stamps, write_at};

pub(super) static ENTRY: Experiment = Experiment {
    name: "scull-size",
    title: "the size goes backwards, and acknowledged bytes lie behind the end of file",
    cause: Cause::Smp,
    races: &["R6"],
    sources: &["LDD3 3, read and write", "LDD3 5.1, Pitfalls in scull", "LKD 9, The Single Variable"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: TASKS,
    unit: "writes: each writer writes one byte each time, A always the farthest",
    known_points: SCULL,
    points: &["size.store"],
    script: &["A.size.load", "B.size.load", "A.size.store", "B.size.store"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    usually: Usually::Natural,
    tasks: None,
    needs: Needs::on(Ground::Device),
    defaults: Defaults::natural(1000, 10),
    invariants: &["when all writers are done, the size is the highest end of any acknowledged write"],
    seven: [
        "Yes. The size belongs to the device and decides for everybody where the file ends.",
        "No. Only tasks get here.",
        "Yes. Losing the CPU between the test and the store makes the value to be stored old.",
        "Not between test and store; but a writer may have slept in its copy just before.",
        "The size is part of the device and lives as long as it does.",
        "Both pass the test against the same old size, and the last store wins, not the largest.",
        "By the lock that already covers the write, held until the size is updated.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A writes up to byte 8000, B writes up to byte 4000. Both succeed. Make the device say that it is 4000 \
bytes long.";

const HINT: &str = "The last thing a write does is: if the size is less than my end, the size is my end. That is one line \
of C. How many accesses to memory is it?";

const EXPLANATION: &str = "A loads the size: 0, less than 8000. B loads the size: 0, less than 4000. A stores 8000. B \
stores 4000. The size has gone backwards. A's 4000 bytes are in memory, acknowledged, not leaked, and out of reach: read \
stops at the size, so everyone sees an early end of file. No tool that looks for leaks finds this one.\n\n\
It takes a small store after a large one. At the rendezvous all writers pass the test together, and then the order of \
their stores is left to chance: often the farthest comes last and all is well. That is why the expectation there is open, \
and why the script, which names the order, is certain.\n\n\
The locks cure it because test and store happen within one critical section: whoever comes second tests against the first \
one's result. Spinlock, semaphore and completion serve alike, if the section reaches to the update of the size and does \
not end with the copy.\n\n\
Wrong cures: to make the size an atomic variable and leave the line as it is (an atomic load followed by an atomic store \
is still two steps); to update without a test (then the last writer always wins); to lock the store alone. Without a lock \
it is right as one atomic maximum, that is a compare-and-swap loop that gives up when the size is large enough.";

/// One round: at each step every task writes one byte, each at a place of its own, A always the farthest. The
/// device must never be shorter than the end of a write that was acknowledged.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, steps, writers) =
        (stage.geometry, stage.resolved.quanta as usize, stage.resolved.writers as usize);
    let bytes = steps * writers;
    let highest = AtomicUsize::new(0);
    stage.scull_round(
        &|device| device.prepare_arrays(bytes.div_ceil(geometry.item_size())),
        &|device, who, told| {
            for step in 0..steps {
                let position = step * writers + (writers - 1 - who as usize);
                if !told.result(write_at(device, position, &[stamps::of(who)]), true) {
                    continue;
                }
                highest.fetch_max(position + 1, Relaxed);
                if device.size() < position + 1 {
                    told.lost_update();
                }
            }
        },
        &mut |device, run| {
            run.lost_updates += u64::from(device.size() < highest.load(Relaxed));
            Ok(())
        },
    )
}
