//! One order of steps and no other; what a lock forbids is told, with its reason.

use kcore::settings::{Form, Verdict};
use lab::session::Outcome;
use libtest_mimic::Trial;
use tests::Case;
use tests::case::steps;
use tests::ensure::{Answer, holds, same};

use crate::races::{GUARDS, clean, races};

/// R1 for two writers.
const R1: &str = "script=A.slot.load B.slot.load A.slot.store B.slot.store";

pub(crate) fn trials() -> Vec<Trial> {
    let guarded = ["spinlock", "semaphore", "completion"].map(r1_guarded);
    let every = races().filter(|entry| entry.certain.script).flat_map(|entry| {
        let bad = entry.unguarded();
        let forced = Case::new(
            format!("scripts::{}::{bad}", entry.name),
            format!("run {} lock={bad} probe=script", entry.name),
        );
        let cures = entry.rows.iter().filter(|row| row.is_cure()).map(|row| row.lock);
        let guarded = cures.filter(|lock| GUARDS.contains(lock)).map(|lock| {
            let words = format!("run {} lock={lock} probe=script", entry.name);
            let case = Case::new(format!("scripts::{}::{lock}", entry.name), words).run(clean);
            case.check(if entry.unguarded() == Form::Broken { never_taken } else { forbidden })
        });
        [forced.run(|run| same("the verdict", run.verdict, Verdict::Raced))].into_iter().chain(guarded)
    });
    let mut cases: Vec<Case> = every.chain(guarded).collect();
    cases.extend([r1(), r1_on_one_cpu(), three_writers(), the_other_order()]);
    cases.into_iter().map(Case::trial).collect()
}

fn scripted(name: &str, words: &str, script: &str) -> Case {
    Case::new(format!("scripts::r1::{name}"), words).word(format!("probe={script}"))
}

fn one_quantum(case: Case) -> Case {
    case.check(|outcome| same("forbidden steps", steps(outcome), Vec::new())).run(|run| {
        same("leaked quanta", run.leaked.quantum, 1)?;
        same("leaked nodes and arrays", run.leaked.node + run.leaked.array, 0)?;
        same("the verdict", run.verdict, Verdict::Raced)
    })
}

fn r1() -> Case {
    one_quantum(scripted("none", "run scull-leak lock=none", R1))
}

/// A script needs no second CPU: a task that waits at a point gives the CPU away.
fn r1_on_one_cpu() -> Case {
    one_quantum(scripted("one-cpu", "run scull-leak lock=none cpus=1", R1))
}

/// The last task to store keeps the slot, whichever it is.
fn the_other_order() -> Case {
    one_quantum(scripted(
        "other-order",
        "run scull-leak lock=none",
        "script=A.slot.load,B.slot.load,B.slot.store,A.slot.store",
    ))
}

fn three_writers() -> Case {
    let script = "script=A.slot.load,B.slot.load,C.slot.load,C.slot.store,B.slot.store,A.slot.store";
    scripted("three", "run scull-leak lock=none", script).run(|run| {
        same("writers", run.writers, 3)?;
        same("leaked quanta", run.leaked.quantum, 2)
    })
}

/// With a guard the script is impossible from its second step on.
fn r1_guarded(lock: &'static str) -> Case {
    const FORBIDDEN: &str = "step 2: B cannot load slot: it waits for scull0.lock, held by A";
    scripted(lock, &format!("run scull-leak lock={lock}"), R1).run(clean).says(FORBIDDEN).check(|outcome| {
        same("the first forbidden step", steps(outcome).first().map(String::as_str), Some(FORBIDDEN))
    })
}

/// A lock that stopped the race has forbidden a step, and its holder is named.
fn forbidden(outcome: &Outcome) -> Answer {
    holds(
        "the first impossible step waits for a lock",
        steps(outcome).first().is_some_and(|step| step.contains(", held by ")),
    )
}

/// The steps of a broken lock's own insides are never taken with another lock.
fn never_taken(outcome: &Outcome) -> Answer {
    holds("there are impossible steps", !steps(outcome).is_empty())
}
