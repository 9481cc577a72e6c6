//! R25: a function that has the lock calls one that takes it.

use kcore::experiment::SIZE;
use kcore::settings::Lock;
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel};

use super::trial::{Refusal, Trial};

/// As much of a device as the mistake needs.
struct Device {
    guard: Guard,
    size: Shared<usize>,
    /// Whether the functions inside expect the lock to be held, and do not take it.
    helper: bool,
}

/// One round: every task appends one byte, `quanta` times.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let helper = resolved.lock == Lock::Helper;
    let form = if helper { Lock::Spinlock } else { resolved.lock };
    let guard = Guard::new(form, "scull0.lock", "scull.lock");
    let device = Device { guard, size: Shared::new(0), helper };
    trial.race(&|_| {
        for _ in 0..resolved.quanta {
            device.append();
        }
    })?;
    trial.add_lock(device.guard.stats());
    let appended = u64::from(resolved.writers) * u64::from(resolved.quanta);
    trial.run.lost_updates += appended - device.size.peek() as u64;
    Ok(())
}

impl Device {
    /// Called from outside: takes the lock.
    fn append(&self) {
        let _held = self.guard.enter();
        let end = if self.helper { self.size_locked() } else { self.size() };
        self.size.store::<Kernel>(&SIZE, end + 1);
    }

    /// Called from outside: takes the lock. But `append` calls it, too.
    fn size(&self) -> usize {
        let _held = self.guard.enter();
        self.size_locked()
    }

    /// Called from inside: the lock is held.
    fn size_locked(&self) -> usize {
        assert!(self.guard.is_held(), "whoever calls this has the lock");
        self.size.load::<Kernel>(&SIZE)
    }
}
