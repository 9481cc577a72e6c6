//! The ticket lock.

use std::sync::{Arc, Mutex};

use kcore::event::{Kinds, LockStep};
use kcore::host::{Host, HostMachine, until};
use kcore::place::Place;
use kcore::sync::{Observed, RawLock, TicketLock, Watched};

use crate::{Events, NAME};

const WAITERS: usize = 6;
const TURNS: usize = if cfg!(miri) { 2 } else { 100 };

type Ticket = TicketLock<HostMachine, Observed>;

fn ticket() -> Ticket {
    TicketLock::from_flag(false.into(), Observed::new(NAME))
}

/// Each waiter enters when all that drew before it have left.
#[test]
fn waiters_enter_in_the_order_in_which_they_came() {
    for _ in 0..TURNS {
        let (host, lock, order) = (Host::new(), ticket(), Mutex::new(Vec::new()));
        let (lock, order) = (&lock, &order);
        host.scope(|tasks| {
            RawLock::<HostMachine>::enter(lock, Place::caller());
            for who in 0..WAITERS {
                tasks.spawn(move || {
                    RawLock::<HostMachine>::enter(lock, Place::caller());
                    order.lock().unwrap().push(who);
                    RawLock::<HostMachine>::leave(lock, Place::caller());
                });
                until(|| lock.queued() == 2 + who);
            }
            assert!(order.lock().unwrap().is_empty(), "the first holder is still in");
            RawLock::<HostMachine>::leave(lock, Place::caller());
        });
        assert_eq!(*order.lock().unwrap(), (0..WAITERS).collect::<Vec<_>>());
        assert_eq!((lock.queued(), lock.stats().acquire), (0, 1 + WAITERS as u64));
    }
}

#[test]
fn one_that_waits_is_announced() {
    let (host, events, lock) = (Host::new(), Arc::new(Events::default()), ticket());
    host.listen(Kinds::LOCKS, events.clone());
    host.scope(|tasks| {
        RawLock::<HostMachine>::enter(&lock, Place::caller());
        tasks.spawn(|| {
            RawLock::<HostMachine>::enter(&lock, Place::caller());
            RawLock::<HostMachine>::leave(&lock, Place::caller());
        });
        until(|| events.has(LockStep::Wait));
        assert!(RawLock::<HostMachine>::is_held(&lock));
        assert_eq!(format!("{lock:?}"), "TicketLock { queued: 2, .. }");
        RawLock::<HostMachine>::leave(&lock, Place::caller());
    });
    assert!(!RawLock::<HostMachine>::is_held(&lock));
    assert!(lock.stats().wait_cycles > 0);
}
