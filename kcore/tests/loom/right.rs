//! The right primitives: the bodies hold in every order.

use std::time::Instant;

use kcore::class;
use kcore::event::Class;
use kcore::machine::{AtomicFlag, Cpu, Sched};
use kcore::sync::{Completion, Semaphore, SpinLock};

use crate::bodies::{Event, Section, admits_two, each, excludes, model, publishes, wakes_two};
use crate::machine::{Dozing, Parking, executions};

impl<M: Cpu + 'static> Section for SpinLock<(), M> {
    fn new(_units: usize) -> Self {
        SpinLock::from_flag(M::Flag::new(false), class!("test"), ())
    }
    fn within(&self, body: impl FnOnce()) {
        let _guard = self.lock();
        body();
    }
}

impl<M: Sched + 'static> Section for Semaphore<M> {
    fn new(units: usize) -> Self {
        Semaphore::from_flag(M::Flag::new(false), Class::EVENT, units)
    }
    fn within(&self, body: impl FnOnce()) {
        self.down();
        body();
        self.up();
    }
}

/// As a token.
impl<M: Sched + 'static> Section for Completion<M> {
    fn new(units: usize) -> Self {
        Completion::from_flag(M::Flag::new(false), Class::EVENT, units)
    }
    fn within(&self, body: impl FnOnce()) {
        self.wait();
        body();
        self.complete();
    }
}

impl<M: Sched + 'static> Event for Completion<M> {
    fn new() -> Self {
        Completion::from_flag(M::Flag::new(false), Class::EVENT, 0)
    }
    fn wait(&self) {
        Completion::wait(self);
    }
    fn complete(&self) {
        Completion::complete(self);
    }
}

/// The body holds, and loom has tried more than one order.
pub(crate) fn holds(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let start = Instant::now();
    model(preemptions, body);
    let executions = executions();
    println!("{executions} executions in {:?}", start.elapsed());
    assert!(executions > 1, "there was nothing to reorder");
}

#[test]
fn spinlock_excludes_two() {
    holds(4, || excludes::<SpinLock<(), Dozing>>(2, 2));
}

#[test]
fn spinlock_excludes_three() {
    holds(3, || excludes::<SpinLock<(), Parking>>(3, 1));
}

#[test]
fn spinlock_that_is_tried_excludes() {
    use crate::bodies::Payload;
    use std::sync::Arc;
    holds(4, || {
        let shared = Arc::new(SpinLock::<Payload, Dozing>::from_flag(
            AtomicFlag::new(false),
            class!("test"),
            Payload::default(),
        ));
        let tasks = each(3, &shared, |lock| {
            if let Some(payload) = lock.try_lock() {
                payload.increment();
            }
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        let got = shared.lock().get();
        assert!((1..=3).contains(&got), "the first to try finds it free");
    });
}

#[test]
fn semaphore_excludes_parking() {
    holds(3, || excludes::<Semaphore<Parking>>(2, 2));
}

#[test]
fn semaphore_excludes_dozing() {
    holds(3, || excludes::<Semaphore<Dozing>>(2, 2));
}

#[test]
fn semaphore_excludes_three() {
    holds(3, || excludes::<Semaphore<Parking>>(3, 1));
}

#[test]
fn semaphore_of_two_admits_two() {
    holds(2, || admits_two::<Semaphore<Parking>>(1));
    holds(1, || admits_two::<Semaphore<Parking>>(2));
}

#[test]
fn completion_publishes_parking() {
    holds(4, publishes::<Completion<Parking>>);
}

#[test]
fn completion_publishes_dozing() {
    holds(4, publishes::<Completion<Dozing>>);
}

#[test]
fn completion_wakes_two() {
    holds(3, wakes_two::<Completion<Parking>>);
}

#[test]
fn completion_as_a_token_excludes() {
    holds(3, || excludes::<Completion<Parking>>(2, 2));
}

#[test]
fn complete_all_wakes_all() {
    use std::sync::Arc;
    holds(3, || {
        let done = Arc::new(<Completion<Parking> as Event>::new());
        let mut tasks = each(2, &done, |done| Completion::wait(done));
        tasks.extend(each(1, &done, |done| done.complete_all()));
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert!(done.try_wait(), "and those who come late");
    });
}
