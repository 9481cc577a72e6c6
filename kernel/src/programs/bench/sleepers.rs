//! Locks that sleep. No crate that we know of has them for a kernel without an operating system.

use kcore::class;
use kcore::event::{Class, LockName};
use kcore::sync::{Completion, Counted, RawMutex, RwSemaphore, Semaphore};

use super::contest::Contestant;
use crate::machine::Kernel;

static NAME: LockName = LockName::sleeps("bench.lock", class!("bench.lock"));

static SEMAPHORE: Semaphore<Kernel> = Semaphore::new(class!("bench.lock"), 1);
static COUNTED: Semaphore<Kernel, Counted> = Semaphore::new(Counted::new(NAME), 1);
static MUTEX: RawMutex<Kernel> = RawMutex::new(class!("bench.lock"));
static COMPLETION: Completion<Kernel> = Completion::new(Class::EVENT);
static RWSEM: RwSemaphore<Kernel> = RwSemaphore::new(class!("bench.lock"));

/// On one CPU alone.
pub(super) const UNCONTENDED: [Contestant; 6] = [
    DOWN_UP,
    COUNTING,
    ("completion", |n| {
        for _ in 0..n {
            COMPLETION.complete();
            COMPLETION.wait();
        }
    }),
    LOCK_UNLOCK,
    ("rwsem, read", |n| {
        for _ in 0..n {
            RWSEM.down_read();
            RWSEM.up_read();
        }
    }),
    WRITE,
];

/// On all CPUs at once.
pub(super) const CONTENDED: [Contestant; 4] = [DOWN_UP, COUNTING, LOCK_UNLOCK, WRITE];

const DOWN_UP: Contestant = ("semaphore", |n| {
    for _ in 0..n {
        SEMAPHORE.down();
        SEMAPHORE.up();
    }
});
const COUNTING: Contestant = ("semaphore, counting", |n| {
    for _ in 0..n {
        COUNTED.down();
        COUNTED.up();
    }
});
const LOCK_UNLOCK: Contestant = ("mutex", |n| {
    for _ in 0..n {
        MUTEX.lock();
        MUTEX.unlock().expect("it is ours");
    }
});
const WRITE: Contestant = ("rwsem, write", |n| {
    for _ in 0..n {
        RWSEM.down_write();
        RWSEM.up_write();
    }
});
