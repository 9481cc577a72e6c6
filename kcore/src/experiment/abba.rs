//! Two locks, taken in two orders.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, D, Row};
use super::needs::{Ground, Needs};
use super::stage::{Device, Refusal, Rig, Stage, read_at, stamps, write_at};
use crate::class;
use crate::errno::Errno;
use crate::event::Site;
use crate::settings::Form;
use crate::shared::probe;
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "abba",
    title: "scull0 is copied to scull1 while scull1 is copied to scull0: both stop",
    cause: Cause::Locks,
    races: &["R24"],
    sources: &["LKD 9, Deadlocks", "LDD3 5.6, Lock Ordering Rules", "LKD 10, Spin Locks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // A task that spins keeps its CPU, so on one CPU no other task comes between its two locks.
        Row::by_cpus(Form::Spinlock, D, C),
        Row::always(Form::Semaphore, D),
        Row::always(Form::Mutex, D),
        Row::always(Form::Ordered, C),
    ],
    unit: "copies",
    known_points: &["first"],
    points: &["first"],
    certain: Certain { rendezvous: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Device),
    defaults: Defaults::once(100),
    invariants: &[
        "in the wait-for graph no chain of tasks and locks leads back to its beginning",
        "a copy is one step for everybody else: after the last of them both devices hold the same bytes",
    ],
    seven: [
        "Yes. Both devices are open to everybody.",
        "No. Only tasks copy. A handler that took one of the locks would make a second way into the same trap.",
        "Yes, unless the locks spin. Whoever loses the CPU between its two locks leaves the first one taken.",
        "Only with locks that sleep: while a task sleeps for its second lock it keeps the first.",
        "The devices live as long as the machine.",
        "Each call takes one lock and waits for the other's, if they copy in opposite directions.",
        "By two locks, and by a rule that no lock can enforce: the lower device first, whatever the direction.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two tasks copy between two devices, in opposite directions. Each device has its lock, and each copy takes \
both, as it must. Stop the two tasks for ever. Then change the program so that no timing can do it.";

const HINT: &str = "At which line does a task hold one lock and not yet the other? Let both tasks be there at the same time: \
probe=rendezvous=first.";

const EXPLANATION: &str = "A copies scull0 to scull1 and takes scull0.lock. B copies scull1 to scull0 and takes scull1.lock. A \
wants scull1.lock, which B has. B wants scull0.lock, which A has. Neither gives its first lock back before it has the \
second, and so neither gets it. No data is damaged; the tasks are merely gone, and with them everybody who needs one of \
the devices later. Each of the functions is right when it is read by itself. The mistake is in the pair.\n\n\
Four things must come together for that: a lock has one holder; nobody can take it from its holder; who waits keeps what \
it has; and the waiting goes round in a circle. A kernel can give up the last of them most easily, by an order of all \
locks: whoever needs two takes the lower one first. A task that waits then waits for a lock above all those that it \
holds, and a circle would have to come down somewhere. That is the ordered form: the number of the device decides, not \
the direction of the copy.\n\n\
What the primitives make of it: with a semaphore or a mutex the two tasks sleep and the CPUs are free; nobody notices at \
once. With a spinlock two CPUs are busy and do nothing. On a machine of one CPU the spinlock cannot deadlock here, since \
whoever takes it keeps the CPU until it has given it back: nobody gets between the two lines. That is luck, not a cure. \
The program is as wrong as before, and it will be found out by the first machine with a second CPU.\n\n\
Wrong cures: another kind of lock (each of them deadlocks as well); to swap the two lines (then both directions are \
swapped); to take the second lock with a timeout and simply try again (two tasks in step can do that for ever, which is \
called a livelock; a trylock that gives the first lock back, too, and starts again after a while does work, and Linux \
has it where no order can be known); a delay. One big lock for all devices works and makes every copy wait for every \
other.";

/// Bytes that each device holds, if its quantum has room for them.
const LENGTH: usize = 16;

/// Two devices and their locks. The locks are outside the devices, so that a copy can take both.
struct Pair<M: Rig> {
    devices: [Device<M>; 2],
    guards: [Guard<M>; 2],
    /// Whether the lower device's lock is taken first, whatever the direction of the copy.
    ordered: bool,
}

/// Between the first lock and the second one: point `first`.
static FIRST: Site = Site::new("first");

/// One round: A, C, ... copy scull0 to scull1, and B, D, ... the other way, `quanta` times each.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let pair = Pair::new(stage)?;
    let quanta = stage.resolved.quanta;
    stage.race(&|who| {
        let from = who as usize % 2;
        for _ in 0..quanta {
            pair.copy(from, 1 - from);
        }
    })?;
    stage.add_lock(pair.guards[0].stats());
    stage.run.lost_updates += u64::from(pair.contents(0) != pair.contents(1));
    Ok(())
}

impl<M: Rig> Pair<M> {
    fn new(stage: &Stage<'_, M>) -> Result<Self, Errno> {
        let ordered = stage.resolved.lock == Form::Ordered;
        let form = if ordered { Form::Spinlock } else { stage.resolved.lock };
        let device = |index| Device::new(index, Form::None, stage.geometry);
        let guard = |name| Guard::<M>::new(form, name, class!("scull.lock"));
        let pair = Pair {
            devices: [device(0)?, device(1)?],
            guards: [guard("scull0.lock"), guard("scull1.lock")],
            ordered,
        };
        // Here already, so that no task allocates under a spinlock.
        for (who, device) in pair.devices.iter().enumerate() {
            write_at(device, 0, &[stamps::of(who as u32); LENGTH])?;
        }
        Ok(pair)
    }

    /// Copies one device to the other. The bytes are in the first quantum of both, so nothing here can fail.
    fn copy(&self, from: usize, to: usize) {
        let (lower, higher) = if self.ordered { (from.min(to), from.max(to)) } else { (from, to) };
        let _first = self.guards[lower].enter();
        probe::<M>(&FIRST);
        let _second = self.guards[higher].enter();
        // Lock order: the lower device -> the higher one, in the ordered form only.
        let (bytes, count) = self.contents(from);
        let _ = write_at(&self.devices[to], 0, &bytes[..count]);
    }

    /// What the device holds, and how much it gives at once.
    fn contents(&self, index: usize) -> ([u8; LENGTH], usize) {
        let mut bytes = [0; LENGTH];
        let count = read_at(&self.devices[index], 0, &mut bytes).unwrap_or(0);
        (bytes, count)
    }
}
