//! An array of the old size under a device of the new one.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, stamps, write_at};
use crate::dev::{Caller, Credentials, NoUser};
use crate::errno::Errno;
use crate::scull::{Mode, ioctl};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-geometry",
    title: "quantum and qset are read before the lock, and an array is too short",
    cause: Cause::Book,
    races: &["R11"],
    sources: &["LDD3 3, read and write", "LDD3 5.3, Semaphores and Mutexes", "LDD3 6, ioctl"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "writes of each writer, and changes of the geometry by each trimmer",
    known_points: SCULL,
    points: &["enter"],
    script: &["A.qset.load", "B.trim.done", "A.enter"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Device),
    defaults: Defaults::natural(20, 5),
    roles: Roles::Alternate(Role::Write, Role::Trim),
    invariants: &[
        "an array has as many slots, and a quantum as many bytes, as the device says",
        "nobody uses a place past the end of a block",
    ],
    seven: [
        "Yes. Quantum and qset belong to the device, and through the module's settings to all devices.",
        "No. Reads, writes, ioctls and opens are calls of tasks.",
        "Yes. The two numbers are in registers by then, and the next task trims the device.",
        "Yes, and in the book at the worst place: it sleeps for the lock with the numbers in its hand.",
        "The numbers are part of the device. What they describe is freed by any trim.",
        "It changes the geometry between the look and the lock.",
        "By the lock of the device, if it is taken before the first look.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "This is the driver as the book prints it, with its semaphore around all that touches the list. Make it \
write past the end of an array.";

const HINT: &str = "Read the first lines of scull_write: quantum, qset and itemsize are initialised where they are \
declared. In which line is the semaphore taken? An ioctl changes the module's qset, and a device takes it over when it \
is opened for writing only.";

const EXPLANATION: &str = "A begins a write. It copies the device's quantum and qset into its own variables, as one does \
with declarations in C, and then goes to take the semaphore. B comes first: it sets the module's qset to twice as many by \
an ioctl and opens the device write-only. The device is trimmed, and has the new geometry. B is done and A gets in. There \
is no array, so A allocates one, with as many slots as its variable says: the old number. From now on the device says \
2000 and the array has 1000.\n\n\
Nothing has happened yet, and no tool sees anything. The next write behind slot 1000 goes past the end of the array: \
in a kernel it takes whatever lies there for a pointer to a quantum and copies the user's bytes to it. So does the next \
trim, which walks as many slots as the device says and hands what it finds there to kfree. Here every block knows how \
long it is; the laboratory counts the access past the end and refuses it. With a qset that got smaller the other thing \
happens: the trim stops early and forgets the quanta behind, which is a leak.\n\n\
The semaphore is not at fault, and a spinlock or a mutex in its place would be none the better: what A uses it has \
read outside. The cure is to take the lock first and look then. The rule of LDD3 is that the lock is taken before the \
resource is touched, and the size of the resource is a part of it.\n\n\
Wrong cures: to read the two numbers once more inside and compare them (right, but then there was no need to read \
them before); to make them atomic (each read is atomic already; they are too old); to lock the ioctl (it changes the \
module's numbers, not the device's: the trim does that, and has the lock); to forbid the ioctl while the device is open \
(B opens it after A has).";

/// One round: writers write a quantum at the start; trimmers let the module have twice as many slots, or as
/// many as before, and empty the device. Then the last slot of the device is written to, and the device is
/// emptied once more.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, times) = (stage.geometry, stage.resolved.quanta as usize);
    let resolved = stage.resolved;
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    let stamp = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    stage.family_round(
        &|_| Ok(()),
        &|device, who, told| {
            for time in 0..times {
                match resolved.role(who) {
                    Role::Trim => {
                        let slots = geometry.qset << (1 - time % 2);
                        let _ = device.ioctl(ioctl::IOCTQSET, slots, &caller);
                        drop(device.open(Mode::Write));
                    }
                    Role::Write | Role::Read => {
                        told.result(write_at(device, 0, &stamp), true);
                    }
                }
            }
        },
        &mut |device, _| {
            let slots = device.geometry().qset;
            let last = write_at(device, (slots - 1) * geometry.quantum, &stamp);
            drop(device.open(Mode::Write)?);
            // The damage is counted: that is what this is for.
            last.map(drop).or_else(|errno| if errno == Errno::EFAULT { Ok(()) } else { Err(errno) })
        },
    )
}
