//! The lock that belongs to a CPU. Each task of the machine of threads has a CPU of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::class;
use kcore::event::{Kinds, LockStep};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::Cpu;
use kcore::shared::Shared;
use kcore::sync::{CpuOwnedLock, Observed, Watched};

use crate::{Events, NAME, ROUNDS, TASKS};

type Owned<W> = CpuOwnedLock<HostMachine, W>;

#[test]
fn cpus_are_kept_apart() {
    let (lock, number) = (CpuOwnedLock::<HostMachine>::new(class!("test")), Shared::new(0usize));
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            lock.acquire();
            number.set_up(number.audit() + 1);
            lock.release();
        }
    });
    assert_eq!((number.audit(), lock.depth()), (TASKS * ROUNDS, 0));
}

#[test]
fn the_owners_cpu_walks_in_and_no_other() {
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let lock: Owned<Observed> = CpuOwnedLock::new(Observed::new(NAME));
    let others = AtomicUsize::new(0);
    host.scope(|tasks| {
        lock.acquire();
        lock.acquire();
        assert_eq!(lock.depth(), 2);
        tasks.spawn(|| {
            lock.acquire();
            others.store(1, Relaxed);
            lock.release();
        });
        until(|| events.has(LockStep::Wait));
        lock.release();
        assert_eq!((lock.depth(), others.load(Relaxed)), (1, 0), "the first is still in");
        lock.release();
    });
    assert_eq!((lock.depth(), others.into_inner()), (0, 1));
    let stats = lock.stats();
    assert_eq!((stats.acquire, &*stats.name), (3, lock.name().name));
    assert!(stats.test_and_set >= 1);
}

#[test]
fn it_leaves_interrupts_on() {
    let lock = CpuOwnedLock::<HostMachine>::new(class!("test"));
    lock.acquire();
    assert!(HostMachine::interrupts_on());
    let were_on = HostMachine::irq_save();
    lock.release();
    assert!(!HostMachine::interrupts_on(), "they stay as they were");
    HostMachine::irq_restore(were_on);
}

#[test]
#[should_panic(expected = "nobody is in")]
fn to_come_out_without_going_in_is_a_mistake() {
    CpuOwnedLock::<HostMachine>::new(class!("test")).release();
}
