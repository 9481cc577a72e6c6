//! An `up` too many.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{Owners, Refusal, Rig, Stage};
use crate::class;
use crate::errno::Errno;
use crate::event::LockName;
use crate::place::Place;
use crate::settings::Form;
use crate::sync::{Observed, RawLock, RawMutex, Semaphore};

pub(super) static ENTRY: Experiment = Experiment {
    name: "double-up",
    title: "an error path gives back a unit that it never had; later two are inside",
    cause: Cause::Locks,
    races: &["R27"],
    sources: &["LDD3 5.3, Semaphores and Mutexes", "LKD 10, Semaphores", "LKD 10, Mutexes"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Semaphore, R), Row::always(Form::Mutex, C)],
    unit: "passes through the critical section",
    known_points: &["inside"],
    points: &["inside"],
    certain: Certain { rendezvous: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 3),
    invariants: &["never more than one task is inside the critical section"],
    seven: [
        "Yes. The device is one for all, and the semaphore with it.",
        "No. Only tasks come here. An interrupt handler may up a semaphore, which is a reason why it has no owner.",
        "Yes. Once there are two units it makes no difference how it comes about that two tasks are inside.",
        "Yes. To sleep with a semaphore held is allowed, and gives the second owner all the time it needs.",
        "The device lives as long as the machine.",
        "Both get a unit and both go in, because one was given back that nobody had taken.",
        "By a lock with an owner: a mutex, which only who has it can give back.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A semaphore of one unit guards the device. Not one test is made before a lock and acted on without it, \
and yet two tasks get into the critical section together, much later, neither of which has made a mistake. How?";

const HINT: &str = "What does down_interruptible return when a signal comes, and how many units has the caller then? Look at \
the label to which it jumps.";

const EXPLANATION: &str = "A calls write and waits for the semaphore. A signal comes, down_interruptible returns -EINTR, and A \
has nothing. But the error path of A's write jumps to the label out, where all error paths end, and there stands up. The \
semaphore gets a unit that nobody had taken: it has two now. Nothing happens. A returns -ERESTARTSYS and may never come \
back.\n\n\
From here on B and C can be inside together. The laboratory lets them meet there and counts two owners. All that the \
semaphore guarded is open, not for once but until the machine is switched off, for nobody ever takes the unit away. What \
is seen in the end, a leaked quantum or a lost update somewhere in the device, does not point to A at all.\n\n\
A semaphore cannot refuse. It counts units, it does not know whose they are, and it must be so: LDD3 uses it between a \
task that waits and another one, or an interrupt handler, that says go on. Where one task takes it and the same task \
gives it back, that freedom is good for nothing. A mutex is a semaphore that gave it up: it has an owner, only the owner \
may give it back, and only once. Here the unlock of somebody else's mutex, or of one that nobody has, is refused with \
-EPERM and changes nothing; in Linux it is undefined, and reported by kernels that are built to look for it. So LKD's \
advice: a mutex first, a semaphore only where it must be given back by another.\n\n\
Wrong cures: to up only when the count is 0 (between the look and the up somebody else comes; and while somebody is \
inside the count is 0 as well); a spinlock around the up (the up as such was never in danger); to start with a count of 0 \
(then the first one waits for ever if the mistake is not made); to test how many are inside, and go on with a warning.";

const NAME: LockName = LockName::sleeps("scull0.lock", class!("scull.lock"));

/// A lock that does not know its owner, and one that does.
enum Either<M: Rig> {
    Semaphore(Semaphore<M, Observed>),
    Mutex(RawMutex<M, Observed>),
}

/// One round: the error path of a write whose wait was interrupted gives back what the write never had. After
/// that, every task passes through the critical section `quanta` times. The owners are counted by atomic
/// additions.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let lock: Either<M> = match resolved.lock {
        Form::Mutex => Either::Mutex(RawMutex::of(Observed::new(NAME))),
        _ => Either::Semaphore(Semaphore::new(Observed::new(NAME), 1)),
    };
    // It jumps to the label that all error paths share. Before the tasks begin: else it would be a matter of
    // chance which task gets the unit that is too many.
    let _ = lock.leave();
    let owners = Owners::default();
    stage.race(&|_| {
        for _ in 0..resolved.quanta {
            lock.lock().enter(Place::caller());
            owners.pass::<M>();
            lock.leave().expect("whoever is inside can leave");
        }
    })?;
    stage.add_lock(Some(lock.lock().stats()));
    stage.run.owners = stage.run.owners.max(owners.most());
    Ok(())
}

impl<M: Rig> Either<M> {
    /// A semaphore believes every caller; a mutex says -EPERM to one that does not have it.
    #[track_caller]
    fn leave(&self) -> Result<(), Errno> {
        match self {
            Either::Semaphore(semaphore) => {
                semaphore.up();
                Ok(())
            }
            Either::Mutex(mutex) => mutex.unlock(),
        }
    }

    fn lock(&self) -> &dyn RawLock<M, Watch = Observed> {
        match self {
            Either::Semaphore(semaphore) => semaphore,
            Either::Mutex(mutex) => mutex,
        }
    }
}
