//! The reader/writer semaphore.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex};

use kcore::as_host;
use kcore::class;
use kcore::event::{Class, Kinds, LockStep};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::shared::Shared;
use kcore::sync::{Counted, Observed, RwSemaphore, Watched};

use crate::{Events, NAME, ROUNDS, TASKS};

type Sem<W = Class> = RwSemaphore<HostMachine, W>;

#[test]
fn readers_read_together() {
    let (semaphore, barrier) = (Sem::new(class!("test")), Barrier::new(TASKS));
    Host::new().tasks(TASKS, |_| {
        semaphore.down_read();
        barrier.wait();
        semaphore.up_read();
    });
    assert_eq!((semaphore.readers(), semaphore.waiters()), (0, 0));
}

#[test]
fn writers_are_alone() {
    let (semaphore, pair) = (Sem::new(class!("test")), [Shared::new(0usize), Shared::new(0usize)]);
    Host::new().tasks(TASKS, |task| {
        for round in 0..ROUNDS {
            if (round + task).is_multiple_of(4) {
                semaphore.down_write();
                pair.iter().for_each(|half| half.set_up(half.audit() + 1));
                if (round + task).is_multiple_of(8) {
                    semaphore.downgrade_write();
                    assert_eq!(pair[0].audit(), pair[1].audit());
                    semaphore.up_read();
                } else {
                    semaphore.up_write();
                }
            } else {
                semaphore.down_read();
                assert_eq!(pair[0].audit(), pair[1].audit(), "a reader sees half of a write");
                semaphore.up_read();
            }
        }
    });
    assert_eq!(pair.map(|half| half.audit()), [TASKS * ROUNDS / 4; 2]);
    assert_eq!((semaphore.readers(), semaphore.waiters(), semaphore.is_write_locked()), (0, 0, false));
}

#[test]
fn those_who_try_take_what_is_free() {
    let semaphore = Sem::new(class!("test"));
    assert!(semaphore.try_down_read() && semaphore.try_down_read());
    assert!(!semaphore.try_down_write(), "two read");
    semaphore.up_read();
    assert!(!semaphore.try_down_write(), "one reads");
    semaphore.up_read();
    assert!(semaphore.try_down_write());
    assert!(semaphore.is_write_locked());
    assert!(!semaphore.try_down_read() && !semaphore.try_down_write(), "one writes");
    semaphore.downgrade_write();
    assert!(!semaphore.is_write_locked());
    assert!(semaphore.try_down_read(), "one reads, who wrote");
    assert!(!semaphore.try_down_write());
}

/// Starts `reader` or writer tasks one after the other while a writer has the semaphore, and says which were
/// in when.
fn served(kinds: &str) -> String {
    let (semaphore, order) = (Sem::new(class!("test")), Mutex::new(String::new()));
    Host::new().scope(|tasks| {
        semaphore.down_write();
        for (index, kind) in kinds.chars().enumerate() {
            let (semaphore, order) = (&semaphore, &order);
            tasks.spawn(move || match kind {
                'r' => {
                    semaphore.down_read();
                    order.lock().unwrap().push(kind);
                    semaphore.up_read();
                }
                _ => {
                    semaphore.down_write();
                    order.lock().unwrap().push(kind);
                    semaphore.up_write();
                }
            });
            until(|| semaphore.waiters() == index + 1);
        }
        semaphore.up_write();
    });
    order.into_inner().unwrap()
}

#[test]
fn who_comes_first_is_served_first() {
    for kinds in ["rwr", "wrw", "rrwwrr", "wwrwr", "rrrr", "wwww", "rwrwrw"] {
        assert_eq!(served(kinds), kinds);
    }
}

#[test]
fn a_writer_that_waits_keeps_later_readers_out() {
    let semaphore = Sem::new(class!("test"));
    let order = Mutex::new(Vec::new());
    Host::new().scope(|tasks| {
        semaphore.down_read();
        tasks.spawn(|| {
            semaphore.down_write();
            order.lock().unwrap().push("writer");
            semaphore.up_write();
        });
        until(|| semaphore.waiters() == 1);
        assert!(!semaphore.try_down_read(), "no reader overtakes it");
        tasks.spawn(|| {
            semaphore.down_read();
            order.lock().unwrap().push("reader");
            semaphore.up_read();
        });
        until(|| semaphore.waiters() == 2);
        semaphore.up_read();
    });
    assert_eq!(order.into_inner().unwrap(), ["writer", "reader"]);
}

#[test]
fn downgrading_lets_readers_in_and_no_writer() {
    let (semaphore, barrier) = (Sem::new(class!("test")), Barrier::new(2));
    Host::new().scope(|tasks| {
        semaphore.down_write();
        tasks.spawn(|| {
            semaphore.down_read();
            barrier.wait();
            semaphore.up_read();
        });
        until(|| semaphore.waiters() == 1);
        tasks.spawn(|| {
            semaphore.down_write();
            semaphore.up_write();
        });
        until(|| semaphore.waiters() == 2);
        semaphore.downgrade_write();
        // The reader is in while we are, or this would not end.
        barrier.wait();
        assert!(!semaphore.is_write_locked());
        assert_eq!(semaphore.waiters(), 1, "the writer waits for us, too");
        semaphore.up_read();
    });
    assert!(semaphore.try_down_write());
}

#[test]
fn to_give_back_what_nobody_has_is_a_mistake() {
    let panics = |call: fn(&Sem)| {
        let semaphore = Sem::new(class!("test"));
        catch_unwind(AssertUnwindSafe(|| call(&semaphore))).is_err()
    };
    assert!(panics(Sem::up_read));
    assert!(panics(Sem::up_write));
    assert!(panics(Sem::downgrade_write));
    assert!(!panics(Sem::down_write));
}

#[test]
fn readers_and_writers_are_counted_and_tell() {
    use LockStep::{Acquired, Release, Wait};
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    host.set_clock(Some(100));
    let semaphore: Sem<Observed> = RwSemaphore::new(Observed::new(NAME));
    host.scope(|tasks| {
        semaphore.down_read();
        semaphore.down_read();
        tasks.spawn(|| semaphore.down_write());
        until(|| events.has(Wait));
        host.set_clock(Some(110));
        semaphore.up_read();
        semaphore.up_read();
    });
    host.set_clock(Some(113));
    host.run(|| semaphore.up_write());
    assert_eq!(events.heard(), [Acquired, Acquired, Wait, Release, Release, Acquired, Release]);
    let stats = semaphore.stats();
    assert_eq!((stats.acquire, stats.test_and_set), (3, 1));
    assert_eq!((stats.hold_cycles, stats.wait_cycles), (2 * 10 + 3, 10));
    assert_eq!(semaphore.name().name, stats.name);
}

/// The writer waits from its arrival until the last reader has gone, whichever way it comes in.
#[test]
fn a_writer_behind_readers_is_counted_once() {
    let host = Host::new();
    host.set_clock(Some(100));
    let semaphore: Sem<Counted> = RwSemaphore::new(Counted::new(NAME));
    let all_in = Barrier::new(2);
    host.scope(|tasks| {
        semaphore.down_write();
        tasks.spawn(|| {
            semaphore.down_read();
            all_in.wait();
            host.set_clock(Some(130));
            semaphore.up_read();
        });
        until(|| semaphore.waiters() == 1);
        tasks.spawn(|| {
            semaphore.down_write();
            semaphore.up_write();
        });
        until(|| semaphore.waiters() == 2);
        host.set_clock(Some(110));
        semaphore.up_write();
        all_in.wait();
    });
    let stats = semaphore.stats();
    assert_eq!((stats.acquire, stats.test_and_set), (3, 2));
    assert_eq!((stats.hold_cycles, stats.wait_cycles), (10 + 20, 10 + 30));
}

/// Wake-ups that are on their way.
static ON_THEIR_WAY: Mutex<Vec<TaskId>> = Mutex::new(Vec::new());

/// A machine on which a wake-up arrives when the test says so.
struct Slow;

impl kcore::event::Events for Slow {}

impl Cpu for Slow {
    as_host!(Flag, cpu, irq_save, irq_restore, relax, cycles);
}

impl Sched for Slow {
    as_host!(task, block, block_until, yield_now);
    fn wake(task: TaskId) {
        ON_THEIR_WAY.lock().unwrap().push(task);
    }
}

/// A writer that was let through the gate and has not run yet still waits, as long as a task reads.
#[test]
fn a_writer_on_its_way_in_is_one_that_waits() {
    let semaphore = RwSemaphore::<Slow>::new(class!("test"));
    Host::new().scope(|tasks| {
        semaphore.down_write();
        let reader = tasks.spawn(|| semaphore.down_read());
        until(|| semaphore.waiters() == 1);
        let writer = tasks.spawn(|| semaphore.down_write());
        until(|| semaphore.waiters() == 2);
        semaphore.up_write();
        assert_eq!((semaphore.readers(), semaphore.is_write_locked(), semaphore.waiters()), (1, false, 1));
        // The last reader goes before the writer has run: it has the semaphore.
        semaphore.up_read();
        assert_eq!((semaphore.readers(), semaphore.is_write_locked(), semaphore.waiters()), (0, true, 0));
        ON_THEIR_WAY.lock().unwrap().drain(..).for_each(HostMachine::wake);
        reader.join().unwrap();
        writer.join().unwrap();
        semaphore.up_write();
    });
    assert!(semaphore.try_down_write());
}
