//! `scull-leak` with each object that its writers may find missing, exact where the rendezvous makes it so.

use kcore::report::Run;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

use crate::races::clean;

const WRITERS: u64 = 4;
const ROUNDS: u64 = 3;

pub(crate) fn trials() -> Vec<Trial> {
    let forced = [
        ("quantum", 5, quantum as fn(&Run) -> Answer),
        ("array", 5, array),
        ("node", 1, node),
        ("all", 5, all),
    ];
    let unguarded = forced.into_iter().map(|(object, quanta, check)| case(object, "none", quanta).run(check));
    let guarded = forced.into_iter().flat_map(|(object, quanta, _)| {
        ["spinlock", "semaphore", "completion"].map(|lock| case(object, lock, quanta).run(clean))
    });
    unguarded.chain(guarded).map(Case::trial).collect()
}

fn case(object: &str, lock: &str, quanta: u64) -> Case {
    let words = format!(
        "run scull-leak object={object} lock={lock} probe=rendezvous cpus={WRITERS} quanta={quanta} rounds={ROUNDS}"
    );
    Case::new(format!("objects::{object}::{lock}"), words)
}

/// Five slots, in an array that is there.
fn quantum(run: &Run) -> Answer {
    same("leaked quanta", run.leaked.quantum, (WRITERS - 1) * 5 * ROUNDS)?;
    same("leaked arrays and nodes", run.leaked.array + run.leaked.node, 0)
}

/// Five list items that are there, each without its array.
fn array(run: &Run) -> Answer {
    same("leaked arrays", run.leaked.array, (WRITERS - 1) * 5 * ROUNDS)?;
    same("reachable arrays", run.reachable.array, 5 * ROUNDS)?;
    same("leaked nodes", run.leaked.node, 0)
}

/// A list without a head.
fn node(run: &Run) -> Answer {
    same("leaked nodes", run.leaked.node, (WRITERS - 1) * ROUNDS)?;
    same("reachable nodes", run.reachable.node, ROUNDS)
}

/// Nothing is there; what hangs on a lost node is lost with it.
fn all(run: &Run) -> Answer {
    same("leaked nodes", run.leaked.node, (WRITERS - 1) * ROUNDS)?;
    same("reachable nodes", run.reachable.node, ROUNDS)?;
    holds("each lost node takes its array along", run.leaked.array >= run.leaked.node)
}
