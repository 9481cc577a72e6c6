//! A script with five writers: the load under which the leak of the book becomes a lack of memory.

use alloc::format;

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{ALONE, R, Row, guarded};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, Told, Visitor};
use crate::errno::Errno;
use crate::scull::Mode;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "multithread-write",
    title: "five writers fill one device at once: -ENOMEM without a lock, none with it",
    cause: Cause::Smp,
    races: &["R1", "R2", "R3", "R8", "R9"],
    sources: &[
        "LDD3 3, The open Method (a device opened write-only is emptied)",
        "LDD3 5.1, Pitfalls in scull",
        "LDD3 5.3, Semaphores and Mutexes",
        "Documentation/dev-tools/kmemleak.rst",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: ROWS,
    unit: "quanta: each writer fills the same ones, from the start of the device (by default a quarter of the heap)",
    known_points: SCULL,
    points: &["trim.done", "head.store", "next.store", "array.store", "slot.store"],
    certain: Certain { rendezvous: true, ..Certain::NEVER },
    tasks: Some(5),
    needs: Needs::on(Ground::Quanta),
    defaults: Defaults::natural(100, 1),
    invariants: &[
        "allocated - freed = live and live - reachable = leaked, for nodes, arrays and quanta",
        "behind a lock no more is alive than one writer writes, so nobody runs out of memory",
        "a freed block is used again only when all have left who were inside when it was freed",
    ],
    seven: [
        "Yes. Five tasks have the same device open, and each of them empties it first.",
        "No. Only tasks get here.",
        "Yes. A writer that has found a slot empty may lose the CPU before it fills it.",
        "In Linux, yes, in the allocation and in the copy from user space. It leaves a slot that was tested and not filled.",
        "Nothing, without the lock: a writer that opens the device frees what the others write to.",
        "Both allocate for the same slot. Each slot then costs as many quanta as there are writers.",
        "By the device's lock, for the whole of each write, and in open for the whole of the trim.",
    ],
    compared_with: &[Form::Semaphore, Form::Mutex, Form::Spinlock],
    ..Experiment::USUAL
};

/// Whatever keeps tasks apart cures it; what only keeps one CPU to itself is not asked.
static ROWS: &[Row] = &guarded::<ALONE>(R, &[]);

const GOAL: &str = "Five writers open scull0 write-only and write as much as fits into a quarter of the memory, all from the \
start of the device. Whatever they do, the device never holds more than one of them has written. So where does the memory \
go when some of them are told that there is none? Find the lock with which nobody is, and say what it costs.";

const HINT: &str = "cargo run -- run multithread-write runs it without a lock and with one. Hold the leaked bytes against the \
size of the heap. Then take the lock yourself: --lock spinlock, --lock mutex.";

const EXPLANATION: &str = "This is the script with which a reader of the book sees the leak on a real machine: some threads, \
512 MB each, and a module without its lock. All write the same bytes of the same device. A slot that is empty is found \
empty by several, each allocates a quantum, the last store wins, and the others are gone. Nobody notices; the memory \
of the machine just becomes less, until an allocation fails and a write returns -ENOMEM.\n\n\
Here the heap has room for four times what one writer writes. Where all five meet before each store, every slot costs five \
quanta, of which four are lost, and so are nodes and arrays, one set for each list item: after four fifths of the work \
nothing is left, and all five writers fail. What they have lost stays lost when the last file is closed. rmmod would not \
bring it back either: the device does not lead to it.\n\n\
Behind a lock none of this can happen. Test, allocation and store are one step, so a slot gets one quantum, whoever fills it; \
and a writer that opens the device later frees what the others have written, and writes it again. Alive is at most what one \
writer writes. The semaphore is the book's choice, since the copy from user space may sleep; here the spinlock does as \
well, and is the cheaper the shorter the copy. The price is time: writers go one after the other where they went at once \
before, and each call takes and gives back the lock.\n\n\
How much is lost as it happens is luck. On Linux, four writers of 4 MB each leaked 230 to 620 quanta in 45 ms, and took 82 ms \
with the semaphore and leaked none.\n\n\
Freed memory must be used again here, or the trims alone would use the heap up; but without a lock a task may still have \
the address of what another one frees. So the heap writes down who is inside the device and since when, and uses a freed \
block again when all of them have come in later than it was freed: read-copy-update in small.\n\n\
Wrong cures: more memory (it takes a little longer); to write less at a time (the slots are the same); to lock open alone \
(the trims are in order then, and the writers as they were); to try again after -ENOMEM (nobody will give anything back).";

/// Bytes that a writer hands over at a time. The device takes no more than a quantum of them and is called
/// again.
const CHUNK: usize = 64 << 10;

/// One round: each writer opens the device, which empties it, and writes from its start.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let bytes = stage.resolved.quanta as usize * stage.geometry.quantum;
    let recycled = stage.recycling_round(&|visitor, told| {
        let Some(chunk) = told.stamp::<M>(CHUNK.min(bytes), visitor.who()) else { return };
        // A writer that is refused gives up, as dd does; the device's calls are counted in `told`.
        let _ = write(visitor, told, &chunk, bytes);
    })?;
    stage.note(format!("each writer has {bytes} bytes to write, the heap {} in all", M::heap_size()));
    match recycled {
        0 => {}
        recycled => stage.note(format!("{recycled} freed blocks were used again")),
    }
    Ok(())
}

/// Writes `bytes` bytes, `chunk` after `chunk`, until the first call that fails.
fn write<M: Rig>(visitor: &Visitor<'_, M>, told: &Told, chunk: &[u8], bytes: usize) -> Result<(), Errno> {
    let mut file = visitor.open(Mode::Write)?;
    let mut left = bytes;
    while left > 0 {
        let mut rest = &chunk[..left.min(chunk.len())];
        left -= rest.len();
        while !rest.is_empty() {
            let result = file.write(rest);
            told.result(result, true);
            rest = &rest[result?..];
        }
    }
    Ok(())
}
