//! An exchange that is none.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::SCULL;
use super::stage::{Refusal, Rig, Stage, with_room_for};
use crate::dev::{Caller, Credentials, NoUser};
use crate::errno::Errno;
use crate::scull::ioctl;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-exchange",
    title: "two ioctls exchange one value, and both are told the same old one",
    cause: Cause::Book,
    races: &["R32"],
    sources: &["LDD3 6, ioctl", "LDD3 5.7.2, Atomic Variables", "LKD 10, Atomic Operations"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "shifts of the quantum by each task",
    known_points: SCULL,
    points: &["scull_quantum.store"],
    script: &[
        "A.scull_quantum.load",
        "B.scull_quantum.load",
        "A.scull_quantum.store",
        "B.scull_quantum.store",
    ],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Number),
    defaults: Defaults::natural(1000, 10),
    invariants: &["every value that was set is told to exactly one who sets the next, but for the last"],
    seven: [
        "Yes. The quantum of the module is a global variable.",
        "No. An ioctl is a call of a task.",
        "Yes. Between the load of the old value and the store of the new one the next task does both.",
        "With a pointer it can: the caller's memory may have to be fetched from the disk between load and store.",
        "The variable lives as long as the module.",
        "Both are told the same old value, and the value of one of them is never told to anybody.",
        "By nothing in the book. A swap in one instruction, or a lock around load and store.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "The ioctls SCULL_IOCX and SCULL_IOCH set a new value and return the old one. Two programs use them to take \
the quantum for themselves and to put back afterwards what they found. Let both find the same.";

const HINT: &str = "The words of the book are eXchange and sHift. The words of the code are: tmp = scull_quantum; then \
scull_quantum = arg; then return tmp. There is no lock in the function.";

const EXPLANATION: &str = "A loads the old value, 4000. B loads the old value, 4000. A stores 4001, B stores 4002. Both \
return 4000. That A's value was there at all, nobody has been told. Each of the two is sure to have exchanged something, \
and in the end both put 4000 back, whoever else may have set something in the meantime.\n\n\
An exchange is a promise: of all who come, each gets what the one before has left. With that promise programs build locks \
(a test-and-set is an exchange), counters of tickets, and hand-overs. The driver's exchange has the name and the result, but \
not the promise. The other four ways to get and set the value do not promise so much, and are right as they are.\n\n\
The repaired driver swaps in one step: load, then compare-and-exchange, and again if somebody was faster. On x86 one xchg \
would do. Under the same script A's swap succeeds, B's fails, since the value is not 4000 any more, and B begins anew and is \
told 4001. A spinlock around load and store would do as well. So would a semaphore, which is even needed if the \
caller's memory is to be read and written inside, where the task may sleep.\n\n\
Wrong cures: to make the variable atomic and leave the two lines (an atomic load, an atomic store, and a gap); to store \
first and load then; to return the value only if it has not changed (it may have changed and come back); to trust that only \
the administrator may do this, and that there is only one.";

/// One round: each task shifts the module's quantum from whatever it is to values of its own, and is told
/// what it was.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let first = stage.geometry.quantum;
    let (tasks, times) = (stage.resolved.writers as usize, stage.resolved.quanta as usize);
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    let told_of = counters::<M>(1 + tasks * times)?;
    let told = |value: usize| value.checked_sub(first).and_then(|number| told_of.get(number));
    stage.family_round(
        &|_| Ok(()),
        &|device, who, _| {
            for time in 0..times {
                let value = first + 1 + time * tasks + who as usize;
                let old = device.ioctl(ioctl::IOCHQUANTUM, value, &caller);
                if let Some(count) = old.ok().and_then(told) {
                    count.fetch_add(1, Relaxed);
                }
            }
        },
        &mut |device, run| {
            // A task that asked now would be told of the last one.
            if let Some(count) = told(device.parameters().geometry().quantum) {
                count.fetch_add(1, Relaxed);
            }
            run.lost_updates += told_of.iter().filter(|count| count.load(Relaxed) == 0).count() as u64;
            Ok(())
        },
    )?;
    let most = told_of.iter().map(|count| count.load(Relaxed)).max().unwrap_or(0);
    if most > 1 {
        stage.note(format!("one value was told to {most} tasks"));
    }
    Ok(())
}

/// `count` zeros.
fn counters<M: Rig>(count: usize) -> Result<Vec<AtomicU32>, Errno> {
    let mut counters = with_room_for::<M, _>(count)?;
    counters.resize_with(count, || AtomicU32::new(0));
    Ok(counters)
}
