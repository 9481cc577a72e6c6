//! R16: a reader of the pipe is woken, and goes on without another look.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use super::points::{CALL, PIPE};
use super::stage::{Opened, Refusal, Rig, Stage};
use crate::dev::OpenFlags;
use crate::errno::Errno;
use crate::settings::Form;
use crate::shared::probe;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-pipe-if",
    title: "a reader is woken for a byte, another takes it, and it reads all the same",
    cause: Cause::Book,
    races: &["R16"],
    sources: &[
        "LDD3 6.2, A Blocking I/O Example",
        "LDD3 6.2, Testing the Scullpipe Driver",
        "LKD 4, Wait Queues",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "pipes: B writes a byte to each, reads one, and writes another; A reads one",
    known_points: PIPE,
    script: &[
        "A.pipe.empty",
        "B.pipe.put",
        "B.pipe.enter",
        "A.pipe.readable",
        "B.pipe.take",
        "A.pipe.again",
        "B.call",
    ],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two_unheard(),
    defaults: Defaults::once(1),
    roles: Roles::FirstAndOthers(Role::Read, Role::Write),
    invariants: &["no byte is read that was not written", "no byte is read twice"],
    seven: [
        "Yes. A pipe is there to be shared by those who read and those who write.",
        "Not here. A driver whose bytes come by interrupt has the same test at the same place.",
        "Yes, at many places: between the wake-up and the lock anybody may come in. One CPU is enough.",
        "It does, and it must not have the lock meanwhile. So it has to take the lock again, and by then all is open again.",
        "The buffer lives while a file is open, and both have one.",
        "It takes the byte for which the first one was woken; the first one is not told.",
        "By the lock that is there, if the test is made with it: after each sleep, in a loop.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "A reads from an empty pipe and sleeps. B writes one byte and reads it back. There was one byte, and it is \
gone. Make A read it nevertheless. All of the pipe is under a mutex, and the mutex works.";

const HINT: &str = "A tests, gives the lock back, sleeps, is woken, and takes the lock again. When was its last look, and did it \
have the lock then? probe=script shows it, step by step.";

const EXPLANATION: &str = "A finds the pipe empty. It cannot keep the lock while it sleeps, for then B could not write; so it \
gives the lock back and waits for the two positions to differ. B writes: they differ, and A is woken. Between this moment and \
the one in which A has the lock again lies all the time in the world, and in it B reads. Now the pipe is empty again, and A has \
the lock and believes that it is not. Where the positions are equal, the arithmetic takes the pipe for one whose data goes up \
to the end of the buffer: A copies a byte that nobody wrote, or that B has read already, and moves the read position past the \
write position. From now on the pipe thinks it is full of data, all of it old. B, who wants to write the next byte, is told that \
there is no room.\n\n\
It needs no fast machine and no second CPU: any reader that does not sleep comes before one that has to wake up first. Where \
a write wakes all readers, and two of them sleep, it happens each time: both are told, and there is one byte.\n\n\
The lock is not at fault. It guards each look and each copy; what it does not guard is the time between the two, and it cannot, \
since A sleeps then. What wait_event has found true was true without the lock, and is a rumour. So the repaired edition \
looks again once it has the lock, and goes back to sleep if there is nothing: the `if` becomes a `while`. That is the \
rule for every wait queue and every condition variable there is: to be woken is a reason to look, and nothing else.\n\n\
With the loop it is also right to wake one reader at a time, as an exclusive wait does: whoever leaves something wakes the next. \
With a semaphore that counts the bytes, or the slots, there is no second look, since test and taking are one step under its own \
lock; but then the number of bytes has two places.\n\n\
Wrong cures: to keep the lock while sleeping (nobody can write: deadlock); a spinlock instead of the mutex (the same, and one must \
not sleep with it); to wake one reader only, and keep the `if` (who comes along without having slept takes the byte all the \
same); to test once more before taking the lock; to let the writer hand the byte to the sleeper it has chosen (right, \
but another driver).";

/// One round: A reads a byte from each pipe; B writes one, reads one, and writes another.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let flags = [OpenFlags::READ, OpenFlags::READ_WRITE.union(OpenFlags::NONBLOCK)];
    stage.pipe_round(&flags, &|who, pipes| {
        let file = pipes.file(who);
        // -EAGAIN is an answer, too; and of two bytes B takes one at most, so there is one for A.
        let _ = if who == 0 { file.read(&mut [0]) } else { write_read_write(file) };
    })
}

/// Never sleeps: where there is nothing to read, A has read it.
fn write_read_write<M: Rig>(file: &Opened<M>) -> Result<usize, Errno> {
    file.write(b"1")?;
    let _ = file.read(&mut [0]);
    probe::<M>(&CALL);
    file.write(b"2")
}
