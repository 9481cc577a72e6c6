//! Single open by decrement and test.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::entry::{Cause, Certain, Defaults, Experiment, Smallest, Work};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{Owners, Refusal, Rig, Stage, device_of};
use crate::class;
use crate::dev::{CharDevice, Credentials, OpenFlags};
use crate::errno::Errno;
use crate::event::{Op, Site};
use crate::scull::access::Single;
use crate::settings::Form;
use crate::shared::touching;
use crate::sort;
use crate::sync::SpinLock;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-single",
    title: "scullsingle as printed: a device that nobody has is refused",
    cause: Cause::Book,
    races: &["R15"],
    sources: &["LDD3 6.6, Single-Open Devices", "LDD3 5.7, Atomic Variables", "LKD 10, Atomic Operations"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, R), Row::always(Form::Repaired, C)],
    unit: "attempts of each task to open the device, and to close it if it is let in",
    known_points: crate::scull::access::sites::GATE,
    points: &["refused"],
    script: &["A.try", "B.try", "A.release", "C.try", "B.refused"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    tasks: Some(3),
    needs: Needs::on(Ground::Device),
    smallest: Smallest { tasks: 3, quanta: 1 },
    defaults: Defaults {
        natural: Work { quanta: 200, rounds: 10 },
        rendezvous: Work { quanta: 10, rounds: 3 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &[
        "one file is open at a time",
        "who is refused was refused while somebody had the device, at some moment of his attempt",
    ],
    seven: [
        "Yes. Every process that opens the device reaches the variable.",
        "No. A device is opened by processes.",
        "Yes, and it leaves the variable too low for as long as the first one is off the CPU.",
        "No. But a task that loses its CPU between the decrement and the increment does as much harm.",
        "The variable lives as long as the module.",
        "Each of its two steps is atomic; what goes wrong is what the others see between them.",
        "By one step that tests and takes, and does nothing when it fails: under a spinlock, or by a compare-and-swap.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "scullsingle lets one process in and tells every other one that it is busy. The variable behind it is \
atomic, no update of it is ever lost, and never are two inside. Have the driver refuse a device that nobody has.";

const HINT: &str = "An attempt that fails changes the variable, too, and has to change it back. Two atomic operations are not one. \
Somebody has to close the device in between, and somebody else to open it: it takes three.";

const EXPLANATION: &str = "The book's open subtracts 1 from a variable that begins at 1. Who makes 0 of it is in; who makes \
less adds 1 again and returns -EBUSY. To close the device is to add 1.\n\n\
A opens the device: 0. B tries: -1, so it will be refused; before it adds its 1 again it loses the CPU, or another CPU is just \
quicker. A closes the device: 0. Nobody has it now. C tries: -1, refused. B and C add theirs: 1. From A's close on the \
device was free, and C was told that it was busy. With enough processes that try again and again it can go on like that: \
each is refused because of another one that is being refused.\n\n\
It does no damage to memory and no tool for memory finds it. Nobody is ever inside with another, which is what one would have \
tested. What is wrong is the answer: there is no order in which these calls, one after the other, give these results. That \
is the question to ask of every interface that others call at once, and this exhibit asks it: for each refusal it looks for \
somebody who had the device at some moment of the attempt.\n\n\
The repair asks and takes in one step which changes nothing if the answer is no. Here that is a flag under a spinlock: \
take the lock, look, set the flag if it is clear, give the lock back. The attempt of B leaves no trace, so C finds what A has \
left. As the next devices of the chapter need a counter and an owner that belong together, they have this spinlock anyway. \
A compare-and-swap from 1 to 0 would do as well, and so would test_and_set_bit. A semaphore of one unit, with \
down_trylock, is the same thing in other clothes: a trial that fails takes nothing.\n\n\
Wrong cures: a second look at the variable before it is decremented (it can be closed or opened after the look); to try again \
some times (two that are refused can keep each other out as often); a memory barrier (every step is seen in its order; \
there are too many of them).";

/// A stretch of time, by a clock that every event moves on.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

/// What the attempts of one task came to.
#[derive(Default)]
struct Attempts {
    /// From before the open that let it in to after the close: it had the device at most so long.
    holdings: Vec<Span>,
    /// From before the open that refused it to after it.
    refusals: Vec<Span>,
    /// Opens that were let in and had no memory to go on with.
    out_of_memory: u64,
}

/// By which the opens and closes are told apart: no point.
static CLOCK: Site = Site::new("clock");

/// One round: every task opens the device `quanta` times, and closes it if it is let in.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let device = Single::<M>::new(Arc::new(device_of(resolved.lock, stage.geometry)?));
    let (clock, owners) = (AtomicU64::new(0), Owners::default());
    let now = || {
        touching::<M, _>(&CLOCK, Op::Update, &clock);
        clock.fetch_add(1, SeqCst)
    };
    let all: Vec<SpinLock<Attempts, M>> =
        (0..resolved.writers).map(|_| SpinLock::new(class!("attempts"), Attempts::default())).collect();
    stage.race(&|who| {
        let mut mine = Attempts::default();
        for _ in 0..resolved.quanta {
            let from = now();
            match Arc::clone(&device).open(OpenFlags::READ, &Credentials::ROOT) {
                Ok(file) => {
                    owners.enter::<M>();
                    owners.leave::<M>();
                    drop(file);
                    mine.holdings.push(Span { from, to: now() });
                }
                Err(Errno::ENOMEM) => mine.out_of_memory += 1,
                Err(_busy) => mine.refusals.push(Span { from, to: now() }),
            }
        }
        *all[who as usize].lock() = mine;
    })?;
    let all: Vec<Attempts> = all.into_iter().map(SpinLock::into_inner).collect();
    let wrong = refused_for_nobody(&all);
    if wrong > 0 {
        stage.note("an open gave -EBUSY, and nobody had the device".to_string());
    }
    stage.out_of_memory += all.iter().map(|task| task.out_of_memory).sum::<u64>();
    stage.run.lost_updates += wrong;
    stage.run.owners = stage.run.owners.max(owners.most());
    Ok(())
}

/// How many refusals there were while no task had the device, from the first moment of the attempt to its
/// last. Never too many: the holdings are as long as they can have been.
fn refused_for_nobody(all: &[Attempts]) -> u64 {
    let mut holdings: Vec<Span> = all.iter().flat_map(|task| &task.holdings).copied().collect();
    sort::any(&mut holdings, |a, b| a.from < b.from);
    // Each lasts at least as long as the ones before: so the last that began in time says whether one was
    // there.
    let mut latest = 0;
    for holding in &mut holdings {
        latest = latest.max(holding.to);
        holding.to = latest;
    }
    let had_by_nobody = |refusal: &&Span| {
        let began_in_time = holdings.partition_point(|holding| holding.from < refusal.to);
        holdings[..began_in_time].last().is_none_or(|holding| holding.to < refusal.from)
    };
    all.iter().flat_map(|task| &task.refusals).filter(had_by_nobody).count() as u64
}
