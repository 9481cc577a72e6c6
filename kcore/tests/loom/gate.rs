//! The gate of scullsingle: a task that finds none inside gets in. The book's edition is the twin.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::scull::Edition;
use kcore::scull::access::Gate;

use crate::bodies::{Payload, each, objects, spawn};
use crate::machine::Dozing;
use crate::right::holds;

type LoomGate = Gate<Dozing>;

const REFUSED: &str = "a free device was refused";

/// A task has the device and another tries; the first leaves and tries again. If the other was refused none
/// is inside then.
fn lets_the_next_one_in(edition: Edition) {
    let shared = Arc::new((LoomGate::new(edition), AtomicBool::new(false)));
    let (gate, was_refused) = &*shared;
    gate.enter().expect("it is new");
    let other = spawn(&shared, |(gate, was_refused)| match gate.enter() {
        Ok(()) => gate.leave(),
        Err(_) => was_refused.store(true, Relaxed),
    });
    gate.leave();
    let again = gate.enter();
    other.join().unwrap();
    assert!(again.is_ok() || !was_refused.load(Relaxed), "{REFUSED}");
}

/// Two that get in are in one after the other, and the second sees what the first did.
fn excludes(edition: Edition) {
    let shared = Arc::new((LoomGate::new(edition), Payload::default()));
    let tasks = each(2, &shared, |(gate, payload)| {
        if gate.enter().is_ok() {
            payload.increment();
            gate.leave();
        }
    });
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert!(shared.1.get() > 0);
    shared.0.enter().expect("all have left");
}

#[test]
fn whoever_finds_nobody_inside_gets_in() {
    holds(4, || lets_the_next_one_in(Edition::Repaired));
}

#[test]
fn one_is_inside() {
    holds(4, || excludes(Edition::Repaired));
    holds(4, || excludes(Edition::Book));
}

#[test]
fn the_book_refuses_a_free_device() {
    objects(REFUSED, || lets_the_next_one_in(Edition::Book));
}
