//! The access-controlled devices trim without the device's lock.

use alloc::sync::Arc;

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, prepare_quanta, stamps};
use crate::dev::{CharDevice, Credentials, OpenFlags, Whence};
use crate::errno::Errno;
use crate::scull::access::Uid;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-trim",
    title: "sculluid as printed: opened write-only it is trimmed without its lock",
    cause: Cause::Book,
    races: &["R12"],
    sources: &[
        "LDD3 6.6, Restricting Access to a Single User at a Time",
        "LDD3 6.6, Cloning the Device on open",
        "LDD3 5.3, Using Semaphores in scull",
        "LKD 9, Knowing What to Protect",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "quanta of the device when a round begins: writers write them all, trimmers free them all",
    known_points: SCULL,
    points: &["trim.free"],
    script: &["A.copy.start", "B.trim.walk", "B.trim.done", "A.copy.half"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults::natural(100, 10),
    roles: Roles::WriteAndTrim,
    invariants: &[
        "nobody touches a block after it was freed",
        "each block is freed once",
        "allocated - freed = live, live - reachable = leaked",
    ],
    seven: [
        "Yes. All processes of one user may have the device open at once.",
        "No. Only processes get here.",
        "Yes, and without the lock it may begin in the middle of another one's access.",
        "Under a semaphore it may, and who trims without asking for the semaphore does not wait for it.",
        "The device's semaphore, if everybody takes it.",
        "One frees what the other writes to, or both free the same list.",
        "By the device's own semaphore, around the trim as around everything else; the spinlock guards only who may open.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "sculluid lets one user in at a time, and reads and writes hold the device's semaphore. Get at freed memory all \
the same: with two processes of one user, and a driver in which every lock is where the book has put it.";

const HINT: &str = "There are two locks: one around who has the device, one around what is in it. Which of them is held while \
the device is emptied? Compare with the open of scull0.";

const EXPLANATION: &str = "When scull0 is opened write-only, its open takes the semaphore, trims and gives it back; the chapter on \
concurrency shows that. The access-controlled devices have an open of their own. It decides who may come in, under a spinlock of \
its own, gives the spinlock back, and then, as its comment says, does what the bare device does. The semaphore did not come \
along with the copy.\n\n\
In scullsingle it does no harm: whoever opens the device is alone with it. But sculluid and scullwuid let a user in as often as he \
likes, and scullpriv every process of a terminal. A writes, with the semaphore, and is in the middle of its copy. B, of the \
same user, opens the device write-only. It does not ask for the semaphore and trims. The second half of A's bytes goes to a quantum \
that was freed. If two open it write-only at once, both walk the same list and free every block twice (that is what the \
rendezvous shows). Everything of scull-trim is back, in a driver whose every read and write is locked.\n\n\
A lock is a convention. It keeps out those who take it, and one path that does not is enough. That the path holds \
another lock, or held one just before, does not help: the spinlock of sculluid guards a counter and an owner. It could not even be \
held around the trim, because freeing goes on for long and the semaphore may be slept for.\n\n\
The repair is the line that scull0 has: down_interruptible, trim, up; and if a signal comes first, the open fails with \
-ERESTARTSYS and gives back the place that it was given as a user, which a driver with two steps in its open must not forget.\n\n\
Wrong cures: to trim under the spinlock of the owner (writers do not take it, and one must not sleep under it); to trim only \
when nobody else has it open (the count may change just after the look, and the book promises that a device opened write-only is empty); to \
refuse a second open (that is scullsingle, which the book itself advises against).";

/// The one user of all tasks.
const USER: Credentials = Credentials::user(1000, 0);

/// One round: the quanta are all there; writers write all of them, trimmers open the device write-only.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, quanta) = (stage.geometry, stage.resolved.quanta as usize);
    let resolved = stage.resolved;
    let blank = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    stage.round_behind(Uid::new, &|device| prepare_quanta(device, quanta, &blank), &|uid, who, told| {
        match resolved.role(who) {
            Role::Trim => drop(Arc::clone(uid).open(OpenFlags::WRITE, &USER)),
            Role::Write | Role::Read => {
                let Some(stamp) = told.stamp::<M>(geometry.quantum, who) else { return };
                for index in 0..quanta {
                    told.result(write_at(uid, index * geometry.quantum, &stamp), true);
                }
            }
        }
    })
}

/// Writes `bytes` at `position` through a file of its own.
fn write_at<M: Rig>(uid: &Arc<Uid<M>>, position: usize, bytes: &[u8]) -> Result<usize, Errno> {
    let file = Arc::clone(uid).open(OpenFlags::READ_WRITE, &USER)?;
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}
