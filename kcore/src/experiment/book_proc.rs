//! A list whose head was loaded before it was locked.

use alloc::string::String;

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, prepare_quanta, stamps, write_at};
use crate::scull::Mode;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-proc",
    title: "/proc/scullmem loads the head of the list, and then takes the lock",
    cause: Cause::Book,
    races: &["R13"],
    sources: &[
        "LDD3 4, Using the /proc Filesystem",
        "LDD3 5.1, Pitfalls in scull",
        "LDD3 5.3.3, Using Semaphores in scull",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "looks into /proc/scullmem by each reader, and trims by each trimmer; before each of these something is written",
    known_points: SCULL,
    points: &["enter"],
    script: &["A.head.load", "B.trim.done", "A.enter"],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Device),
    defaults: Defaults::natural(20, 5),
    roles: Roles::Alternate(Role::Read, Role::Trim),
    invariants: &["nobody follows a pointer that lies in freed memory"],
    seven: [
        "Yes. The list hangs on the device, and whoever opens that for writing only frees it.",
        "No. /proc is read by tasks.",
        "Yes. The address of the first item is in a register while the next task frees that item.",
        "Yes: it sleeps for the semaphore, with the address in its hand.",
        "Only the semaphore, and only for who has it.",
        "It frees what the reader of /proc is about to walk.",
        "By the semaphore, taken before the head of the list is loaded.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Someone reads /proc/scullmem. The function behind it takes the semaphore of each device before it walks \
its list, and gives it back afterwards. Let it walk a list that was freed.";

const HINT: &str = "The variable qs walks the list. It is declared at the top of the loop. What is it initialised with, and \
when?";

const EXPLANATION: &str = "A reads /proc/scullmem. For each device the function declares a pointer and initialises it with \
the head of the list, in the same line, as is good style in C. The semaphore is taken in the line after that. B opens the \
device write-only in between: the trim frees all of the list and stores null in the head. A gets the semaphore and walks: \
the item that it looks at is free. Here it finds poison where the pointers were, and the laboratory counts the attempt to \
follow it. In a kernel the item may be somebody else's memory by now, and what is printed is whatever they keep there, \
until one of the pointers is none.\n\n\
Nothing is written to, the damage is an oops in a reader of /proc, once in a while. That is why it can stay in a driver \
for years: it needs somebody who looks at the statistics while somebody else empties the device.\n\n\
The other file, /proc/scullseq, does it right, by chance of its form: the sequence interface has a function for each \
item, which takes the semaphore in its first line and loads the head in its loop.\n\n\
The cure is to move the load of the head behind the semaphore. A spinlock or a mutex in its place changes nothing \
about the order of the two lines.\n\n\
Wrong cures: to test the pointer for null after the semaphore was taken (it is not null, it is old); to load the head \
again if it has changed (freed and allocated again, it may have the same address, and mean another list: that is the \
exhibit aba); to print without a lock at all because it is only a debugging aid.";

/// One round: readers read `/proc/scullmem`, trimmers empty the device; before the second time and all later
/// ones trimmers write something.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (geometry, times) = (stage.geometry, stage.resolved.quanta);
    let resolved = stage.resolved;
    let stamp = stamps::buffer::<M>(geometry.quantum, stamps::of(0))?;
    stage.family_round(
        &|device| prepare_quanta(device, 1, &stamp),
        &|device, who, told| {
            for time in 0..times {
                match resolved.role(who) {
                    Role::Trim => {
                        if time > 0 {
                            told.result(write_at(device, 0, &stamp), true);
                        }
                        drop(device.open(Mode::Write));
                    }
                    Role::Write | Role::Read => {
                        // What it says is of no interest, and where it meets damage the device counts it.
                        let _ = device.show_memory(&mut String::new());
                    }
                }
            }
        },
        &mut |_, _| Ok(()),
    )
}
