//! A size that the driver does not check, and memory that it does not clear.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Device, Refusal, Rig, Stage, read_at, stamps, write_at};
use crate::dev::{Caller, Credentials, NoUser};
use crate::errno::Errno;
use crate::scull::{Mode, ioctl};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-quantum",
    title: "old bytes of the heap can be read, and a quantum of 0 is accepted",
    cause: Cause::Book,
    races: &["R34"],
    sources: &["LDD3 3, Memory Usage", "LDD3 6, ioctl", "LDD3 2, Initialization and Shutdown"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "quanta that are written to in one place",
    known_points: SCULL,
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(1),
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults::once(10),
    invariants: &[
        "bytes that nobody has written are read as 0",
        "no geometry is accepted that a device cannot have",
    ],
    seven: [
        "The fresh quantum: by whoever reads the device. The parameter: by every administrator.",
        "No.",
        "It does not matter: one task alone is enough for both mistakes.",
        "It may, and nothing becomes better or worse by it.",
        "Freeing is not the trouble. What was freed before by somebody else is what is shown.",
        "The same as one processor does alone.",
        "No lock is missing. A check is missing where the value comes in, and a memset where the block does.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "No second task, no other CPU, no interrupt. With plain calls make the driver of the book give you bytes that \
were never written to the device. Then make it crash.";

const HINT: &str = "The arrays are cleared after kmalloc. And the quanta? For the second part: which numbers does an \
ioctl accept, and by what are positions divided?";

const EXPLANATION: &str = "A write of one byte into the middle of an empty quantum allocates the quantum, copies the byte, and \
moves the size behind it. All bytes before it can be read now. Nobody has written them: they are what the block was used \
for before, by anybody in the kernel. Here the heap fills fresh blocks with 5a, and the laboratory counts the quanta that show \
it. In a kernel they show keys, names and addresses. The array of pointers is cleared by a memset in the book; the quantum, \
which goes out to user space, is not.\n\n\
The second mistake needs the right to change parameters. The ioctls that set quantum and qset look at the caller's \
privilege and not at the number. With 0 nothing happens at first: the device keeps its geometry until it is \
trimmed. After that each position is divided by quantum times qset, which is 0. In a kernel that is an oops in the next read \
or write, far away from the ioctl and in another process. Here it is counted. A bad address in SCULL_IOCSQUANTUM does it \
without any ill will: the call returns -EFAULT, and __get_user, which writes straight into the variable, has left a 0 in it.\n\n\
The repaired driver clears each quantum before it is published. It takes a number from the caller into a variable of its \
own, answers -EINVAL to what is less than 1, and stores only then.\n\n\
Neither a spinlock nor a semaphore is the answer: there is nobody to keep out. That is why this exhibit stands here: not \
every bug of a driver in a concurrent world is a race.\n\n\
Wrong cures: to clear the quantum after it is published (then a reader may come in between: the exhibit scull-publish); to \
clear only up to the first byte that is written (those behind it show when the size moves on); to test for 0 where the \
division is (every call must answer something then, and the device is of no use to anybody); to test the number only in one \
of the three ways to set it.";

/// One round: one byte is written into each quantum, and what is before it is read; then the quantum is set
/// to 0, the device emptied, and written to.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (size, quanta) = (stage.geometry.quantum, stage.resolved.quanta as usize);
    stage.family_round(
        &|_| Ok(()),
        &|device, _, told| {
            let Some(mut bytes) = told.stamp::<M>(size, 0) else { return };
            for index in 0..quanta {
                told.result(write_at(device, (index + 1) * size - 1, &[stamps::of(0)]), true);
                let read = read_at(device, index * size, &mut bytes).unwrap_or(0);
                if bytes[..read.saturating_sub(1)].iter().any(|byte| *byte != 0) {
                    told.stale();
                }
            }
            told.result(set_to_zero(device), true);
        },
        &mut |_, _| Ok(()),
    )
}

/// Sets the quantum to 0, if that can be done, and uses the device.
fn set_to_zero<M: Rig>(device: &Device<M>) -> Result<usize, Errno> {
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    // The repaired driver refuses, and goes on with what it had.
    let _ = device.ioctl(ioctl::IOCTQUANTUM, 0, &caller);
    drop(device.open(Mode::Write)?);
    // A zero: another task that reads the first quantum then finds nothing that would have to be explained.
    write_at(device, 0, &[0])
}
