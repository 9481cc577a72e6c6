//! R27: an `up` too many.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::event::{LockName, Waiting};
use kcore::experiment::INSIDE;
use kcore::report::LockStats;
use kcore::settings::Lock;
use kcore::shared::probe;
use kcore::sync::{Observed, RawMutex, Semaphore};

use crate::machine::Kernel;

use super::trial::{Refusal, Trial};

const NAME: LockName = LockName { name: "scull0.lock", class: "scull.lock", waiting: Waiting::Sleeps };

/// A lock that does not know its owner, and one that does.
enum Either {
    Semaphore(Semaphore<Kernel, Observed>),
    Mutex(RawMutex<Kernel, Observed>),
}

/// One round: the error path of a write whose wait was interrupted gives back what the write never had. After that,
/// every task passes through the critical section `quanta` times. The owners are counted by atomic additions.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let lock = match resolved.lock {
        Lock::Mutex => Either::Mutex(RawMutex::observed(NAME)),
        _ => Either::Semaphore(Semaphore::observed(NAME, 1)),
    };
    // It jumps to the label that all error paths share. Before the tasks begin: else it would be a matter of chance who gets
    // the unit that is too many.
    let _ = lock.leave();
    let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
    trial.race(&|_| {
        for _ in 0..resolved.quanta {
            lock.enter();
            most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
            probe::<Kernel>(&INSIDE);
            inside.fetch_sub(1, Relaxed);
            lock.leave().expect("whoever is inside can leave");
        }
    })?;
    trial.add_lock(Some(lock.stats()));
    trial.run.owners = trial.run.owners.max(most.into_inner());
    Ok(())
}

impl Either {
    #[track_caller]
    fn enter(&self) {
        match self {
            Either::Semaphore(semaphore) => semaphore.down(),
            Either::Mutex(mutex) => mutex.lock(),
        }
    }

    /// A semaphore believes everybody; a mutex says -EPERM to whoever does not have it.
    #[track_caller]
    fn leave(&self) -> Result<(), Errno> {
        match self {
            Either::Semaphore(semaphore) => {
                semaphore.up();
                Ok(())
            }
            Either::Mutex(mutex) => mutex.unlock(),
        }
    }

    fn stats(&self) -> LockStats {
        match self {
            Either::Semaphore(semaphore) => semaphore.stats(),
            Either::Mutex(mutex) => mutex.stats(),
        }
    }
}
