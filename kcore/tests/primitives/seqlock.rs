//! The seqlock.

use std::sync::Arc;

use kcore::class;
use kcore::event::{Class, Kinds, LockStep};
use kcore::host::{Host, HostMachine, until};
use kcore::sync::{Counted, Observed, SeqLock, Watched};

use crate::{Events, NAME, ROUNDS, TASKS};

type Seq<W = Class> = SeqLock<HostMachine, 2, W>;

#[test]
fn what_is_read_belongs_together() {
    let lock = Seq::new(class!("test"));
    Host::new().tasks(TASKS, |task| {
        for round in 0..ROUNDS {
            if (round + task).is_multiple_of(4) {
                let mut words = lock.write();
                for index in 0..2 {
                    let value = words.get(index);
                    words.set(index, value + 1);
                }
            } else {
                let [first, second] = lock.snapshot();
                assert_eq!(first, second, "half of a write");
            }
        }
    });
    assert_eq!(lock.snapshot(), [TASKS * ROUNDS / 4; 2]);
}

#[test]
fn who_reads_while_somebody_writes_reads_again() {
    let lock = Seq::new(class!("test"));
    let start = lock.read_begin();
    assert!(!lock.read_retry(start), "nobody wrote");
    let mut words = lock.write();
    assert!(lock.read_retry(start), "somebody writes");
    words.set(1, 7);
    drop(words);
    assert!(lock.read_retry(start), "somebody wrote");
    let start = lock.read_begin();
    assert_eq!((lock.get(0), lock.get(1)), (0, 7));
    assert!(!lock.read_retry(start));
}

#[test]
fn the_closure_is_called_until_nobody_writes_meanwhile() {
    let lock = Seq::new(class!("test"));
    let mut calls = 0;
    let found = lock.read(|lock| {
        calls += 1;
        if calls < 3 {
            // A writer does not wait for the reader that it disturbs.
            lock.write().set(0, calls);
        }
        lock.get(0)
    });
    assert_eq!((found, calls), (2, 3));
}

#[test]
fn a_reader_waits_while_somebody_writes() {
    let lock = Seq::new(class!("test"));
    Host::new().scope(|tasks| {
        let mut words = lock.write();
        words.set(0, 1);
        let reader = tasks.spawn(|| lock.snapshot());
        until(|| lock.try_write().is_none());
        words.set(1, 1);
        drop(words);
        assert_eq!(reader.join().unwrap(), [1, 1]);
    });
}

#[test]
fn each_form_switches_off_what_it_says() {
    let lock = Seq::new(class!("test"));
    let (on, off) = (HostMachine::interrupts_on, HostMachine::switched_off);
    let words = lock.write_bh();
    assert_eq!(off(), (0, 1));
    drop(words);
    let words = lock.try_write().expect("nobody writes");
    assert_eq!(off(), (1, 0));
    drop(words);
    assert_eq!((off(), on()), ((0, 0), true));
    let words = lock.write_irqsave();
    assert!(!on());
    drop(words);
    assert!(on());
}

#[test]
fn writers_are_counted_and_tell_and_readers_do_not() {
    use LockStep::{Acquired, Release};
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let lock: Seq<Observed> = SeqLock::new(Observed::new(NAME));
    host.run(|| {
        lock.write().set(0, 1);
        lock.snapshot();
    });
    assert_eq!(events.heard(), [Acquired, Release]);
    assert_eq!((lock.stats().acquire, lock.name().name), (1, NAME.name));
    let lock: Seq<Counted> = SeqLock::new(Counted::new(NAME));
    lock.write().set(0, 1);
    lock.snapshot();
    assert_eq!(lock.stats().acquire, 1);
}

#[test]
fn a_reader_that_waits_tells_that_and_takes_nothing() {
    use LockStep::{Acquired, GaveUp, Release, Wait};
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let lock: Seq<Observed> = SeqLock::new(Observed::new(NAME));
    host.scope(|tasks| {
        let mut words = lock.write();
        words.set(0, 1);
        let reader = tasks.spawn(|| lock.snapshot());
        until(|| events.has(Wait));
        words.set(1, 1);
        drop(words);
        assert_eq!(reader.join().unwrap(), [1, 1]);
    });
    let heard = |step| events.heard().iter().filter(|heard| **heard == step).count();
    assert_eq!([Acquired, Release, GaveUp].map(heard), [1; 3]);
}
