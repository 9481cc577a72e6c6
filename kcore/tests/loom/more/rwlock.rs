//! The reader/writer locks.

use std::sync::Arc;

use kcore::class;
use kcore::machine::{AtomicFlag, Cpu, Sched};
use kcore::sync::{RwLock, RwSemaphore, SpinLock};

use crate::bodies::{Payload, Section, each, excludes, objects, spawn};
use crate::machine::{
    Coma, Dozing, LoadThenStore, LoomFlag, NoAcquire, NoAcquireOfGrant, NoRelease, Parking, Wrong,
};
use crate::more::Weak;
use crate::right::holds;
use crate::twins::{ASLEEP, UNORDERED};

/// A [`Section`] into which tasks that only look may go together.
pub(crate) trait Shareable: Section {
    fn share(&self, body: impl FnOnce());
}

impl<M: Cpu + 'static> Section for RwLock<(), M> {
    fn new(_units: usize) -> Self {
        RwLock::of(class!("test"), ())
    }
    fn within(&self, body: impl FnOnce()) {
        let _guard = self.write();
        body();
    }
}

impl<M: Cpu + 'static> Shareable for RwLock<(), M> {
    fn share(&self, body: impl FnOnce()) {
        let _guard = self.read();
        body();
    }
}

impl<M: Sched + 'static> Section for RwSemaphore<M> {
    fn new(_units: usize) -> Self {
        RwSemaphore::from_flag(M::Flag::new(false), class!("test"))
    }
    fn within(&self, body: impl FnOnce()) {
        self.down_write();
        body();
        self.up_write();
    }
}

impl<M: Sched + 'static> Shareable for RwSemaphore<M> {
    fn share(&self, body: impl FnOnce()) {
        self.down_read();
        body();
        self.up_read();
    }
}

/// `readers` tasks look at what one writes, which is ordered before or after each of them.
pub(crate) fn shares<S: Shareable>(readers: usize) {
    let shared = Arc::new((S::new(1), Payload::default()));
    let mut tasks = each(readers, &shared, |(section, payload)| {
        section.share(|| assert!(payload.get() <= 1));
    });
    tasks.push(spawn(&shared, |(section, payload)| section.within(|| payload.increment())));
    tasks.into_iter().for_each(|task| task.join().unwrap());
    shared.0.share(|| assert_eq!(shared.1.get(), 1));
}

/// Two writers and a reader: each that waits gets in, in whatever order they come.
fn shares_with_two_writers<S: Shareable>() {
    let shared = Arc::new((S::new(1), Payload::default()));
    let mut tasks = each(2, &shared, |(section, payload)| section.within(|| payload.increment()));
    tasks.push(spawn(&shared, |(section, payload)| section.share(|| assert!(payload.get() <= 2))));
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn rwlock_excludes_writers() {
    holds(3, || excludes::<RwLock<(), Dozing>>(2, 2));
    holds(2, || excludes::<RwLock<(), Parking>>(3, 1));
}

#[test]
fn rwlock_keeps_readers_from_a_writer() {
    holds(3, || shares::<RwLock<(), Dozing>>(1));
    holds(2, || shares::<RwLock<(), Parking>>(2));
    holds(2, shares_with_two_writers::<RwLock<(), Parking>>);
}

#[test]
fn rwsem_excludes_writers() {
    holds(3, || excludes::<RwSemaphore<Dozing>>(2, 2));
    holds(2, || excludes::<RwSemaphore<Parking>>(3, 1));
}

#[test]
fn rwsem_keeps_readers_from_a_writer() {
    holds(3, || shares::<RwSemaphore<Dozing>>(1));
    holds(2, || shares::<RwSemaphore<Parking>>(2));
    holds(2, shares_with_two_writers::<RwSemaphore<Parking>>);
}

/// What a writer did is seen by the tasks that read with it after it became a reader; and no writer comes in
/// between.
#[test]
fn rwsem_is_downgraded() {
    holds(2, || {
        let shared = Arc::new((<RwSemaphore<Parking> as Section>::new(1), Payload::default()));
        let tasks = [
            spawn(&shared, |(semaphore, payload)| {
                semaphore.down_write();
                payload.increment();
                semaphore.downgrade_write();
                let seen = payload.get();
                assert_eq!(payload.get(), seen, "somebody writes where somebody reads");
                semaphore.up_read();
            }),
            spawn(&shared, |(semaphore, payload)| semaphore.share(|| assert!(payload.get() <= 2))),
            spawn(&shared, |(semaphore, payload)| semaphore.within(|| payload.increment())),
        ];
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}

type Twin<Mistake> = RwLock<(), Dozing<LoomFlag, Weak<Mistake>>>;
type TwinSem<Mistake> = RwSemaphore<Dozing<Wrong<Mistake>>>;

#[test]
fn mistakes_in_flag_and_word() {
    objects(UNORDERED, || shares::<Twin<NoAcquire>>(1));
    objects(UNORDERED, || shares::<Twin<NoRelease>>(1));
    objects(UNORDERED, || shares::<Twin<LoadThenStore>>(1));
    objects(UNORDERED, || shares::<TwinSem<NoAcquire>>(1));
    objects(UNORDERED, || shares::<TwinSem<NoRelease>>(1));
    objects(UNORDERED, || shares::<TwinSem<NoAcquireOfGrant>>(1));
}

#[test]
fn nobody_is_woken() {
    objects(ASLEEP, || shares::<RwSemaphore<Coma>>(1));
}

/// A reader/writer lock whose writer does not look at the readers.
struct LetsWritersIn(SpinLock<usize, Dozing>);

impl Section for LetsWritersIn {
    fn new(_units: usize) -> Self {
        LetsWritersIn(SpinLock::from_flag(AtomicFlag::new(false), class!("test"), 0))
    }
    fn within(&self, body: impl FnOnce()) {
        let _alone = self.0.lock();
        body();
    }
}

impl Shareable for LetsWritersIn {
    fn share(&self, body: impl FnOnce()) {
        *self.0.lock() += 1;
        body();
        *self.0.lock() -= 1;
    }
}

#[test]
fn a_writer_among_readers() {
    objects(UNORDERED, || shares::<LetsWritersIn>(1));
}

/// One whose reader does not say that it has gone in the order in which it goes.
struct GoesEarly(RwLock<(), Dozing>);

impl Section for GoesEarly {
    fn new(units: usize) -> Self {
        GoesEarly(Section::new(units))
    }
    fn within(&self, body: impl FnOnce()) {
        self.0.within(body);
    }
}

impl Shareable for GoesEarly {
    fn share(&self, body: impl FnOnce()) {
        drop(self.0.read());
        body();
    }
}

#[test]
fn a_reader_that_goes_before_it_has_read() {
    objects(UNORDERED, || shares::<GoesEarly>(1));
}

/// [`excludes`] by two tasks, one of which only tries.
#[test]
fn rwlock_that_is_tried() {
    holds(3, || {
        let shared = Arc::new((<RwLock<(), Dozing> as Section>::new(1), Payload::default()));
        let mut tasks = each(1, &shared, |(lock, payload)| {
            if lock.try_write().map(|_alone| payload.increment()).is_none() {
                assert!(lock.try_read().is_none_or(|_reader| payload.get() <= 1));
            }
        });
        tasks.push(spawn(&shared, |(lock, payload)| lock.share(|| assert!(payload.get() <= 1))));
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}
