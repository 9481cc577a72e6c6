//! Memory that runs out in the middle of the work: `-ENOMEM` to the caller, nothing is lost, and it is not
//! called clean.

use kcore::report::Run;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

use crate::races::{clean, unharmed};

pub(crate) fn trials() -> Vec<Trial> {
    let guarded = ["spinlock", "semaphore", "completion"].into_iter().flat_map(|lock| {
        [
            ("heap", "heap=1M memory=32M quanta=1000 rounds=3"),
            ("records", "heap=1536K quantum=16 quanta=5000 rounds=3"),
        ]
        .map(|(what, words)| {
            let words = format!("run scull-leak lock={lock} {words}");
            not_tried(Case::new(format!("memory::{what}::{lock}"), words)).run(exhausted)
        })
    });
    let unguarded = [
        // A task that is alone loses nothing, so that the verdict is no matter of luck.
        not_tried(Case::new(
            "memory::heap::none",
            "run scull-leak lock=none writers=1 heap=1M quanta=1000 rounds=3",
        ))
        .run(exhausted),
        not_tried(Case::new(
            "memory::records::none",
            "run scull-leak lock=none writers=1 heap=1280K quantum=16 quanta=5000 rounds=3",
        ))
        .run(exhausted),
        Case::new(
            "memory::heap::rendezvous",
            "run scull-leak lock=none probe=rendezvous heap=1M quanta=500 rounds=2",
        )
        .says("-ENOMEM")
        .run(exhausted),
        not_tried(Case::new(
            "memory::heap::all",
            "run scull-leak lock=spinlock object=all qset=8 heap=256K quanta=500 rounds=2",
        )),
        not_tried(Case::new(
            "memory::heap::read",
            "run scull-read lock=spinlock heap=256K quanta=20000 rounds=2",
        )),
        not_tried(Case::new(
            "memory::heap::rendezvous::guarded",
            "run scull-leak lock=spinlock probe=rendezvous heap=68K",
        )),
        // Asked for, it is as expected; and to be left to chance is not to be left undone.
        Case::new("memory::heap::asked", "run scull-leak lock=spinlock heap=68K expect=not-tried")
            .run(unharmed),
        not_tried(Case::new("memory::heap::any", "run scull-leak lock=none writers=1 heap=68K expect=any")),
        not_tried(Case::new("memory::heap::timers", "run timer lock=synchronous heap=128K quanta=2000")),
        not_tried(Case::new("memory::heap::sleepers", "run sleep-in-atomic lock=mutex heap=1M quanta=20000")),
        Case::new("memory::heap::torn", "run scull-torn lock=spinlock heap=1M quanta=100 rounds=2")
            .run(clean),
    ];
    guarded.chain(unguarded).chain(no_stamps()).map(Case::trial).collect()
}

/// Tasks that have no memory for the bytes that they are to write are told of like failed calls. When a round
/// has been set up, what is left of the heap is less than a quantum, so that this happens to every task.
fn no_stamps() -> impl Iterator<Item = Case> {
    let table = [
        ("scull-leak", "heap=64K quantum=32K writers=32 quanta=3 rounds=2", 32 * 2),
        ("scull-torn", "heap=64K quantum=16K qset=1 writers=8 quanta=1 rounds=2", 8 * 2),
    ];
    let all = table.into_iter().map(|(experiment, words, times)| {
        let words = format!("run {experiment} lock=spinlock {words}");
        not_tried(Case::new(format!("memory::stamps::{experiment}"), words))
            .says(format!("-ENOMEM {times} times, and nothing was lost by it\n"))
            .run(|run| same("bytes written", run.bytes_written, 0))
    });
    let many = Case::new("memory::many-writers", "run scull-leak lock=spinlock heap=64K writers=32 rounds=2");
    all.chain([not_tried(many).run(exhausted)])
}

/// Some of the work could not be done, and nothing went wrong with the rest: that is no success.
fn not_tried(case: Case) -> Case {
    case.ends(Status::Unexpected)
        .says("-ENOMEM")
        .says("verdict: not-tried (NOT as expected")
        .run(unharmed)
        .run(|run| holds("calls had no memory", run.out_of_memory > 0))
}

/// Not all quanta found room.
fn exhausted(run: &Run) -> Answer {
    holds("some quanta were allocated", run.allocated.quantum > 0)?;
    holds(
        "not all of them found room",
        run.reachable.quantum < u64::from(run.quanta) * u64::from(run.rounds),
    )?;
    same("double frees", run.double_free, 0)
}
