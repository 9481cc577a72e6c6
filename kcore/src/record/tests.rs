//! The rings, written by one thread and read by others.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::vec::Vec;

use super::{Log, Stored};
use crate::event::{Access, Actor, Op, Outcome, Site, Ticket, What};
use crate::machine::{CpuId, TaskId};
use crate::place::Place;

static SLOT: Site = Site::new("slot");

fn store(cpu: u32, value: usize) -> Stored {
    let what = What::Access(Access { site: &SLOT, op: Op::Store(value), address: 8 * value, size: 8 });
    let actor = Actor::task(TaskId(value as u32));
    let stored = Stored::by(&what, Place::caller(), actor).expect("a store");
    Stored { cpu: CpuId(cpu), cycles: value as u64, ..stored }
}

fn record<const N: usize>(log: &Log<N>, cpu: u32, value: usize) -> Ticket {
    let ticket = log.begin(&store(cpu, value));
    log.finish(CpuId(cpu), ticket, value as u64 + 1, Outcome::Stored { before: 0, after: value });
    ticket
}

fn values<const N: usize>(log: &Log<N>) -> Vec<usize> {
    let all = RefCell::new(Vec::new());
    log.each(&thread::yield_now, &mut |stored| all.borrow_mut().push(stored.value.address()));
    all.into_inner()
}

fn recording<const N: usize>(room: usize, wraps: bool) -> Log<N> {
    let log = Log::new();
    assert_eq!(log.make_room(N, room), room);
    log.begin_era(0, wraps);
    log
}

#[test]
fn a_load_is_no_entry() {
    let what = What::Access(Access { site: &SLOT, op: Op::Load, address: 8, size: 8 });
    assert!(Stored::by(&what, Place::caller(), Actor::task(TaskId(1))).is_none());
}

#[test]
fn a_ring_that_wraps_forgets_the_oldest() {
    let log = recording::<1>(3, true);
    (1..=5).for_each(|value| _ = record(&log, 0, value));
    assert_eq!(values(&log).len(), 3);
    let mut sorted = values(&log);
    sorted.sort_unstable();
    assert_eq!(sorted, [3, 4, 5]);
    assert_eq!(log.complete_since(), Some(3), "the second was over at 3");
}

#[test]
fn one_that_does_not_forgets_the_newest() {
    let log = recording::<2>(2, false);
    (1..=4).for_each(|value| _ = record(&log, 1, value));
    assert_eq!(values(&log), [1, 2]);
    assert_eq!(log.complete_since(), Some(5));
    // A store without room that is not over may take effect at any moment.
    let late = log.begin(&store(1, 9));
    assert_eq!(log.complete_since(), Some(u64::MAX));
    log.finish(CpuId(1), late, 20, Outcome::Stored { before: 0, after: 9 });
    assert_eq!(log.complete_since(), Some(20));
}

#[test]
fn a_new_era_forgets_all_and_what_was_begun_before_it() {
    let log = recording::<1>(4, true);
    let early = log.begin(&store(0, 1));
    (2..=9).for_each(|value| _ = record(&log, 0, value));
    log.begin_era(100, true);
    assert_eq!((values(&log), log.complete_since()), (Vec::new(), Some(100)));
    log.finish(CpuId(0), early, 101, Outcome::Stored { before: 0, after: 1 });
    assert_eq!((values(&log), log.complete_since()), (Vec::new(), Some(100)));
    record(&log, 0, 200);
    assert_eq!((values(&log), log.complete_since()), (Vec::from([200]), Some(100)));
    log.end_era();
    assert_eq!(log.complete_since(), None);
}

#[test]
fn an_entry_that_was_overwritten_before_it_was_over_is_forgotten_when_it_is() {
    let log = recording::<1>(2, true);
    let slow = log.begin(&store(0, 1));
    record(&log, 0, 2);
    record(&log, 0, 3);
    assert_eq!(log.complete_since(), Some(u64::MAX), "the first may take effect at any moment");
    log.finish(CpuId(0), slow, 50, Outcome::Stored { before: 0, after: 1 });
    assert_eq!(log.complete_since(), Some(50));
}

#[test]
fn what_failed_concerns_no_location() {
    let log = recording::<1>(2, true);
    let ticket = log.begin(&store(0, 1));
    log.finish(CpuId(0), ticket, 2, Outcome::Failed);
    log.each(&thread::yield_now, &mut |stored| assert_eq!((stored.bytes, stored.over), (0, 2)));
    assert_eq!(values(&log), [1]);
}

#[test]
fn a_reader_never_sees_half_an_entry() {
    let (log, over) = (recording::<1>(4, true), AtomicBool::new(false));
    let entries = if cfg!(miri) { 200 } else { 200_000 };
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..=entries).for_each(|value| _ = record(&log, 0, value));
            over.store(true, Relaxed);
        });
        while !over.load(Relaxed) {
            log.each(&thread::yield_now, &mut |stored| {
                let value = stored.value.address();
                assert_eq!(stored.address.address(), 8 * value);
                assert_eq!((stored.actor.task, stored.cycles), (TaskId(value as u32), value as u64));
                assert!(stored.over == u64::MAX || stored.saw[1].address() == value);
            });
        }
    });
}
