//! What is asked of a primitive, without saying of which: each body runs on the right one and on its twins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::thread;

use crate::machine::begin;

/// A critical section.
pub(crate) trait Section: Send + Sync + 'static {
    /// With room for `units` tasks at once.
    fn new(units: usize) -> Self;
    /// Enters, runs `body`, leaves.
    fn within(&self, body: impl FnOnce());
}

/// An event.
pub(crate) trait Event: Send + Sync + 'static {
    fn new() -> Self;
    fn wait(&self);
    fn complete(&self);
}

/// A number of which loom knows which task may touch it when.
#[derive(Default)]
pub(crate) struct Payload(UnsafeCell<usize>);

// SAFETY: loom's cell checks every access and panics at the first that is not ordered.
unsafe impl Sync for Payload {}

impl Payload {
    pub(crate) fn increment(&self) {
        // SAFETY: the pointer is valid, and loom checks that we are alone.
        self.0.with_mut(|number| unsafe { *number += 1 });
    }

    pub(crate) fn get(&self) -> usize {
        // SAFETY: the pointer is valid, and loom checks that no task writes.
        self.0.with(|number| unsafe { *number })
    }
}

/// `tasks` tasks enter `rounds` times each and increment a payload: they exclude each other, and each sees
/// what the one before it did.
pub(crate) fn excludes<S: Section>(tasks: usize, rounds: usize) {
    let shared = Arc::new((S::new(1), Payload::default()));
    let total = tasks * rounds;
    let tasks = each(tasks, &shared, move |(section, payload)| {
        for _ in 0..rounds {
            section.within(|| payload.increment());
        }
    });
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(shared.1.get(), total);
}

/// A section with room for two admits no third of three, and all three in the end, `rounds` times each.
pub(crate) fn admits_two<S: Section>(rounds: usize) {
    let inside = std::sync::atomic::AtomicUsize::new(0);
    let shared = Arc::new((S::new(2), inside));
    let tasks = each(3, &shared, move |(section, inside)| {
        use std::sync::atomic::Ordering::Relaxed;
        for _ in 0..rounds {
            section.within(|| {
                assert!(inside.fetch_add(1, Relaxed) < 2, "three in a room for two");
                // A place for loom to run another task.
                thread::yield_now();
                inside.fetch_sub(1, Relaxed);
            });
        }
    });
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

/// What was done before `complete` is seen after `wait`, whichever comes first.
pub(crate) fn publishes<E: Event>() {
    let shared = Arc::new((E::new(), Payload::default()));
    let tasks = [
        spawn(&shared, |(event, payload)| {
            payload.increment();
            event.complete();
        }),
        spawn(&shared, |(event, payload)| {
            event.wait();
            assert_eq!(payload.get(), 1);
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

/// Two completions let two waiters go: none is lost, whichever comes first.
pub(crate) fn wakes_two<E: Event>() {
    let event = Arc::new(E::new());
    let mut tasks = each(2, &event, |event| event.wait());
    tasks.push(spawn(&event, |event| {
        event.complete();
        event.complete();
    }));
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

pub(crate) fn spawn<T: Send + Sync + 'static>(
    shared: &Arc<T>,
    body: impl FnOnce(&T) + 'static,
) -> thread::JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || body(&shared))
}

/// `count` tasks with the same body.
pub(crate) fn each<T: Send + Sync + 'static>(
    count: usize,
    shared: &Arc<T>,
    body: impl Fn(&T) + Copy + 'static,
) -> Vec<thread::JoinHandle<()>> {
    (0..count).map(|_| spawn(shared, body)).collect()
}

/// Runs `body` in every order with at most `preemptions` preemptions.
pub(crate) fn model(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        begin();
        body();
    });
}

/// What loom says about a `body` that is wrong: it must object, and in these words.
#[track_caller]
pub(crate) fn objects(words: &str, body: impl Fn() + Send + Sync + 'static) {
    let objection = catch_unwind(AssertUnwindSafe(|| model(2, body)));
    let objection = objection.expect_err("loom finds nothing wrong");
    let said = match (objection.downcast_ref::<String>(), objection.downcast_ref::<&str>()) {
        (Some(said), _) => said.clone(),
        (_, Some(said)) => said.to_string(),
        _ => panic!("loom objects without a word"),
    };
    assert!(said.contains(words), "loom objects to something else: {said}");
}
