//! R18: a pipe is opened a second time, and its buffer is believed to be longer than it is.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use super::points::{CALL, PIPE};
use super::stage::{Pipework, Refusal, Rig, Stage, stamps};
use crate::dev::OpenFlags;
use crate::errno::Errno;
use crate::event::Site;
use crate::settings::Form;
use crate::shared::probe;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-pipe-size",
    title: "the second open keeps the pipe's buffer and sets its end past its end",
    cause: Cause::Book,
    races: &["R18"],
    sources: &[
        "LDD3 6.2, A Blocking I/O Example",
        "LDD3 6.1, The ioctl Commands",
        "LDD3 3.5, The open Method",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "pipes: A writes to each and reads it back, B opens it with another size set and writes, too",
    known_points: PIPE,
    script: &["A.pipe.put", "B.pipe.open", "B.pipe.put", "A.call"],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two(),
    defaults: Defaults::once(1),
    roles: Roles::FirstAndOthers(Role::Read, Role::Write),
    invariants: &["nobody writes past the end of a block", "what was written and not read is still there"],
    seven: [
        "Yes. The buffer is the device's, the size is the module's: two owners for one fact.",
        "No.",
        "Yes, between two calls. No call needs to be interrupted for it: each is right by itself.",
        "It may. Nothing is half done then; the mistake is made with the lock held.",
        "The buffer lives while a file is open. How long it is, it does not say.",
        "The second open waits for the lock, gets it, and then sets the bounds of a buffer that is in use.",
        "By one owner: the size belongs to the buffer, is set when it is allocated, and is the pipe's own.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "A opens a pipe and writes 100 bytes to it. Meanwhile somebody makes the buffers of pipes larger: 8000 bytes \
instead of 4000. B opens the same pipe and writes. Find out what becomes of A's bytes, and of the bytes that were behind the \
buffer. Each step is made with the lock held.";

const HINT: &str = "There is one variable for the size of all buffers, and a buffer that was made when it had another value. Who \
reads the variable, and when? Compare where open allocates with where it sets the end.";

const EXPLANATION: &str = "Open allocates the buffer if there is none, which is right, as it is shared. The three lines after that \
are for a new buffer, but they are run each time: the size becomes the module's size of this moment, the end is put so many \
bytes after the start, and both positions go back to the start.\n\n\
So two things happen when B opens the pipe. A's 100 bytes, which the pipe has acknowledged, are gone: both positions are the \
same, the pipe is empty. That happens with every second open, whatever the size is. And as the size was changed meanwhile, the end \
lies 4000 bytes past the end of the block. B writes 6000 bytes, and 2000 of them land in whatever comes next: in a kernel, \
some other driver's data, or the allocator's own. Nothing fails here; it fails there, later, and the report will name \
somebody else.\n\n\
This machine does not let it come to that. A buffer knows how long it is, so the bytes that lie past its end are counted and \
go nowhere.\n\n\
No second CPU is needed, nor any bad luck: this is no race of two accesses, it is a fact that is kept in two places, \
one of which changes. That is why the lock does not help: it makes each of the steps whole, and the steps are wrong. A race \
detector that looks for accesses without a lock has nothing to report.\n\n\
The repaired edition sets the bounds where it allocates the buffer, and nowhere else. The module's size is then what it \
should be: a wish for the next buffer.\n\n\
Wrong cures: a spinlock or a semaphore around the module's size (it can still be changed between two opens); to refuse the ioctl \
while a pipe is open (there are other pipes, and the bytes are lost all the same); to set the end only, and not the positions \
(the positions may lie past a smaller end); to allocate a new buffer in each open (the old one is in use).";

/// Bytes that A writes.
const FIRST: usize = 100;
/// Bytes that B wants to write.
const SECOND: usize = 6000;
/// Bytes of a buffer, from the time on when B has come.
const LARGER: usize = 8000;

/// How both open it.
const FLAGS: OpenFlags = OpenFlags::READ_WRITE.union(OpenFlags::NONBLOCK);

/// One round: A writes to each pipe and reads it back; B sets a larger size, opens the pipe, and writes to
/// it.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let refused = AtomicU64::new(0);
    stage.pipe_round(&[], &|who, pipes| {
        let done = if who == 0 { write_and_read(pipes) } else { enlarge_and_write(pipes) };
        refused.fetch_add(done.is_err().into(), Relaxed);
    })?;
    stage.out_of_memory += refused.into_inner();
    Ok(())
}

fn write_and_read<M: Rig>(pipes: &Pipework<M>) -> Result<(), Errno> {
    let file = pipes.open(FLAGS)?;
    let _ = file.write(&[stamps::of(0); FIRST]);
    probe::<M>(&CALL);
    let _ = file.read(&mut [0; FIRST]);
    Ok(())
}

/// The setting of the module: no point.
static SETTING: Site = Site::new("scull_p_buffer");

fn enlarge_and_write<M: Rig>(pipes: &Pipework<M>) -> Result<(), Errno> {
    pipes.parameters.pipe_buffer.put::<M>(&SETTING, LARGER);
    let file = pipes.open(FLAGS)?;
    let bytes = stamps::buffer::<M>(SECOND, stamps::of(1))?;
    let _ = file.write(&bytes);
    Ok(())
}
