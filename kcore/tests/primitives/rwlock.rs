//! The reader/writer spinlock.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};

use kcore::as_host;
use kcore::class;
use kcore::event::{Class, Kinds, LockStep};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::Cpu;
use kcore::sync::{Counted, Observed, RwLock, Watched};

use crate::{Events, NAME, ROUNDS, TASKS};

type Rw<T, W = Class> = RwLock<T, HostMachine, W>;

#[test]
fn readers_read_together() {
    let (lock, barrier) = (Rw::new(class!("test"), 7), Barrier::new(TASKS));
    Host::new().tasks(TASKS, |_| {
        let value = lock.read();
        // All are in at once, or this would not end.
        barrier.wait();
        assert_eq!(*value, 7);
    });
    assert_eq!(lock.readers(), 0);
}

#[test]
fn writers_are_alone() {
    let lock = Rw::new(class!("test"), [0usize; 2]);
    Host::new().tasks(TASKS, |task| {
        for round in 0..ROUNDS {
            if (round + task).is_multiple_of(4) {
                let mut pair = lock.write();
                pair[0] += 1;
                pair[1] += 1;
            } else {
                let pair = lock.read();
                assert_eq!(pair[0], pair[1], "a reader sees half of a write");
            }
        }
    });
    assert_eq!(lock.into_inner(), [TASKS * ROUNDS / 4; 2]);
}

#[test]
fn those_who_try_take_what_is_free() {
    let mut lock = Rw::new(class!("test"), 1);
    let reader = lock.read();
    assert_eq!(lock.readers(), 1);
    assert!(lock.try_write().is_none(), "somebody reads");
    assert_eq!(lock.try_read().map(|value| *value), Some(1));
    drop(reader);
    let writer = lock.write();
    assert!(lock.is_write_locked());
    assert!(lock.try_read().is_none() && lock.try_write().is_none(), "somebody writes");
    drop(writer);
    *lock.try_write().expect("it is free") = 2;
    assert_eq!(*lock.get_mut(), 2);
}

/// As Linux's classic one: the price is in the next test.
#[test]
fn a_reader_passes_a_writer_that_waits() {
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let lock: Rw<u32, Observed> = RwLock::new(Observed::new(NAME), 0);
    host.scope(|tasks| {
        let reader = lock.read();
        tasks.spawn(|| *lock.write() += 1);
        until(|| events.has(LockStep::Wait));
        assert_eq!(*lock.read(), 0, "the same CPU may read again");
        drop(reader);
    });
    assert_eq!(*host.run(|| lock.read()), 1);
}

#[test]
fn a_writer_that_waits_comes_in_when_the_last_reader_goes() {
    for readers in 1..=2 {
        let (host, events) = (Host::new(), Arc::new(Events::default()));
        host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
        let lock: Rw<u32, Observed> = RwLock::new(Observed::new(NAME), 0);
        host.scope(|tasks| {
            let guards: Vec<_> = (0..readers).map(|_| lock.read()).collect();
            let writer = tasks.spawn(|| *lock.write() += 1);
            until(|| events.has(LockStep::Wait));
            drop(guards);
            until(|| writer.is_finished());
        });
        assert_eq!(*host.run(|| lock.read()), 1);
    }
}

/// How often a CPU has said that it spins.
static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// A machine that counts that.
struct Looking;

impl kcore::event::Events for Looking {}

impl Cpu for Looking {
    as_host!(Flag, cpu, irq_save, irq_restore, cycles);
    fn relax() {
        LOOKS.fetch_add(1, Relaxed);
        HostMachine::relax();
    }
}

/// It looks whether a task reads, and does not take the bit from readers that come and go.
#[test]
fn a_writer_that_waits_for_readers_only_looks() {
    let lock: RwLock<u32, Looking> = RwLock::new(class!("test"), 0);
    Host::new().scope(|tasks| {
        let reader = lock.read();
        tasks.spawn(|| *lock.write() += 1);
        until(|| LOOKS.load(Relaxed) > 100);
        drop(reader);
    });
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn readers_who_keep_coming_starve_a_writer() {
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let lock: Rw<u32, Observed> = RwLock::new(Observed::new(NAME), 0);
    let seen = AtomicUsize::new(0);
    host.scope(|tasks| {
        let mut reader = lock.read();
        tasks.spawn(|| *lock.write() += 1);
        until(|| events.has(LockStep::Wait));
        for _ in 0..100 {
            let next = lock.read();
            drop(std::mem::replace(&mut reader, next));
            seen.fetch_add(usize::from(*reader == 0), Relaxed);
        }
        drop(reader);
    });
    assert_eq!(seen.into_inner(), 100, "the writer got in between");
}

#[test]
fn each_form_switches_off_what_it_says() {
    let lock = Rw::new(class!("test"), ());
    let (on, off) = (HostMachine::interrupts_on, HostMachine::switched_off);
    for _ in 0..2 {
        let readers = (lock.read(), lock.read_bh());
        assert_eq!(off(), (1, 1), "preemption by the one, softirqs by the other");
        drop(readers);
        assert_eq!(off(), (0, 0));
        let writer = lock.write();
        assert_eq!(off(), (1, 0));
        drop(writer);
        let writer = lock.write_bh();
        assert_eq!(off(), (0, 1));
        drop(writer);
        assert_eq!((off(), on()), ((0, 0), true));
    }
    assert!(lock.try_read().is_some() && lock.try_write().is_some());
    assert_eq!(off(), (0, 0));
    let writer = lock.write();
    assert!(lock.try_read().is_none() && lock.try_write().is_none());
    assert_eq!(off(), (1, 0), "those who came too late have left no trace");
    drop(writer);
    let reader = lock.read_irqsave();
    assert!(!on());
    drop(lock.read());
    assert!(!on(), "a reader that comes and goes leaves them off");
    drop(reader);
    assert!(on());
    let writer = lock.write_irqsave();
    assert!(!on());
    drop(writer);
    assert!(on());
}

#[test]
fn readers_and_writers_are_counted_and_tell() {
    use LockStep::{Acquired, Release};
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    host.set_clock(Some(100));
    let lock: Rw<(), Observed> = RwLock::new(Observed::new(NAME), ());
    host.run(|| {
        let readers = (lock.read(), lock.read());
        host.set_clock(Some(110));
        drop(readers);
        drop(lock.write());
    });
    assert_eq!(events.heard(), [Acquired, Acquired, Release, Release, Acquired, Release]);
    let stats = lock.stats();
    assert_eq!((stats.acquire, stats.hold_cycles, stats.test_and_set), (3, 20, 0));
    assert_eq!(lock.name().name, stats.name);
}

#[test]
fn every_acquisition_is_counted() {
    let lock: Rw<(), Counted> = RwLock::new(Counted::new(NAME), ());
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            drop(lock.read());
            drop(lock.write());
        }
    });
    assert_eq!(lock.stats().acquire, (2 * TASKS * ROUNDS) as u64);
}
