//! Mixed traffic for as long as one likes.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Usually};
use super::matrix::{A, ALONE, Row, guarded};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Device, Refusal, Rig, Stage, Told, read_at, stamps, write_at};
use crate::scull::Mode;

pub(super) static ENTRY: Experiment = Experiment {
    name: "soak",
    tears: true,
    title: "many tasks write, read, seek and trim one device, for as long as you like",
    cause: Cause::Life,
    races: &["R1", "R2", "R3", "R5", "R8", "R9", "R10"],
    sources: &[
        "LDD3 5.1, Pitfalls in scull",
        "LDD3 5.3, Semaphores and Mutexes",
        "LKD 4, The Linux Scheduling Algorithm",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: ROWS,
    unit: "calls of each task: writes, reads and trims, by chance",
    known_points: SCULL,
    points: &["slot.store"],
    script: &["A.slot.load", "B.slot.load", "A.slot.store", "B.slot.store"],
    fire: &["slot.store"],
    certain: Certain::NEVER,
    usually: Usually::Natural,
    tasks: Some(16),
    needs: Needs::on(Ground::Device),
    defaults: Defaults::natural(50, 3),
    invariants: &[
        "allocated - freed = live and live - reachable = leaked, after every round",
        "what a read returns is one write from its first byte to its last",
        "every task makes all of its calls",
    ],
    seven: [
        "Yes. All tasks work on the same few quanta of one device.",
        "No. Only tasks get here.",
        "Yes, and with more tasks than CPUs it is, a thousand times a second on each CPU.",
        "In Linux, yes, in the allocation and in the copy. Here only while it waits for a lock that sleeps.",
        "Nothing but the lock: a trim frees what another task reads and writes.",
        "Everything that the other experiments show one by one.",
        "By the device's lock, held for the whole of each call.",
    ],
    ..Experiment::USUAL
};

/// What it gives is luck without a guard.
static ROWS: &[Row] = &guarded::<ALONE>(A, &[]);

const GOAL: &str = "Trust is good. Let sixty-four tasks on four CPUs write, read, seek and trim one device for a minute, \
with the clock taking the CPU from one and giving it to the next all the time. Behind each right lock the account must \
balance to the last byte, every read must be whole, and no task may be left behind.";

const HINT: &str = "cargo run -- run soak --lock spinlock --writers 64 --seconds 60 --timeout 120. Then the same with --lock \
none, and look at the damage.";

const EXPLANATION: &str = "The other experiments make one race certain and leave everything else out. This one leaves \
nothing out and makes nothing certain: each task chooses its next call by chance, and more tasks than CPUs means that \
some of them lose the CPU in the middle of a call. It is what a test before a release looks like, and it shows why such \
a test proves so little: without a lock it fails in one run and passes in the next.\n\n\
With a guard it must pass every time. The spinlock keeps the CPU while it is held, so a task that is preempted never holds \
it. The semaphore, the completion and the mutex may lose the CPU with the lock in hand; the others then sleep until it is \
given back, and the scheduler's time slices see to it that it is.\n\n\
The account is taken after each round, when all tasks have returned: what was allocated and not freed is alive, and what is \
alive must be reachable from the device. Reads check what they get: one write from the first byte to the last, since \
every write is one whole quantum.\n\n\
Wrong cures: to run it longer, or with more tasks, and to call it correct because nothing was seen; to slow it down until \
the race hides; to lock writes and not reads, since reads fill holes in the list and meet trims.";

/// The quanta that all tasks work on.
const PLACES: u64 = 32;
/// One call of so many is a trim: a device that is always empty is no traffic.
const TRIMS: u64 = 50;

/// One round: each task makes its calls, chosen by chance, and checks what it reads.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, calls, writers) = (stage.geometry, stage.resolved.quanta, stage.resolved.writers);
    let seed = stage.luck();
    let torn = AtomicU64::new(0);
    stage.scull_round(
        &|_| Ok(()),
        &|device, who, told| {
            let traffic = Traffic { device, told, writers, torn: &torn };
            let mut luck = fastrand::Rng::with_seed(seed ^ u64::from(who));
            let Some(stamp) = told.stamp::<M>(geometry.quantum, who) else { return };
            let Some(mut buffer) = told.stamp::<M>(geometry.quantum, who) else { return };
            for _ in 0..calls {
                let position = luck.u64(..PLACES) as usize * geometry.quantum;
                match luck.u64(..TRIMS) {
                    0 => drop(device.open(Mode::Write)),
                    1..25 => traffic.write(position, &stamp),
                    _ => traffic.read(position, &mut buffer),
                }
            }
        },
        &mut |_, _| Ok(()),
    )?;
    stage.run.torn += torn.into_inner();
    Ok(())
}

struct Traffic<'a, M: Rig> {
    device: &'a Device<M>,
    told: &'a Told,
    writers: u32,
    /// Quanta that were read and held bytes of more than one write, or of none.
    torn: &'a AtomicU64,
}

impl<M: Rig> Traffic<'_, M> {
    fn write(&self, position: usize, stamp: &[u8]) {
        self.told.result(write_at(self.device, position, stamp), true);
    }

    /// Writes are whole quanta, so a read finds nothing, a hole, or one write.
    fn read(&self, position: usize, buffer: &mut [u8]) {
        let result = read_at(self.device, position, buffer);
        self.told.result(result, false);
        let Ok(count @ 1..) = result else { return };
        let whole = stamps::author(&buffer[..count], self.writers).is_some();
        self.torn.fetch_add(u64::from(!whole), Relaxed);
    }
}
