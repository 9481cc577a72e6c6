//! R26: an error path returns with the lock held.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::experiment::SIZE;
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::settings::Lock;
use kcore::shared::Shared;
use kcore::sync::{Completion, Held};

use crate::machine::{Guard, Kernel};
use crate::task::listing;
use crate::task::table::State;

use super::trial::{Refusal, Trial};

/// As much of a device as the mistake needs.
struct Device {
    guard: Guard,
    size: Shared<usize>,
    /// Whether the error path forgets the lock.
    forgets: bool,
}

/// Where the bytes of a write come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    Good,
    /// Nothing can be copied from there.
    BadAddress,
}

/// One round: A makes one write, which is refused; when it has ended, all others ask for the size and make a good
/// write, `quanta` times.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let guarded = resolved.lock == Lock::Guarded;
    let form = if guarded { Lock::Spinlock } else { resolved.lock };
    let guard = Guard::new(form, "scull0.lock", "scull.lock");
    let device = Device { guard, size: Shared::new(0), forgets: !guarded };
    let first = AtomicU32::new(0);
    let refused = Completion::<Kernel>::new();
    let accepted = AtomicU64::new(0);
    trial.race(&|who| {
        if who == 0 {
            first.store(Kernel::task().0, Relaxed);
            let _ = device.write(User::BadAddress);
            refused.complete_all();
            return;
        }
        refused.wait();
        wait_for_the_end_of(TaskId(first.load(Relaxed)));
        for _ in 0..resolved.quanta {
            device.size();
            accepted.fetch_add(u64::from(device.write(User::Good).is_ok()), Relaxed);
        }
    })?;
    trial.add_lock(device.guard.stats());
    trial.run.lost_updates += accepted.into_inner() - device.size.peek() as u64;
    Ok(())
}

/// Looks until `task`, which is about to end, has ended. If it were only about to, on the same CPU, whoever spins there
/// would keep it from that, and the two would wait for each other: another exhibit.
fn wait_for_the_end_of(task: TaskId) {
    while listing::state_of(task).is_some_and(|state| state != State::Ended) {
        Kernel::yield_now();
    }
}

impl Device {
    /// Appends one byte.
    fn write(&self, from: User) -> Result<(), Errno> {
        let held = self.guard.enter();
        if from == User::BadAddress {
            if self.forgets {
                self.forget(held);
            }
            return Err(Errno::EFAULT);
        }
        let end = self.size.load::<Kernel>(&SIZE);
        self.size.store::<Kernel>(&SIZE, end + 1);
        Ok(())
    }

    /// The size.
    fn size(&self) -> usize {
        let _held = self.guard.enter();
        self.size.load::<Kernel>(&SIZE)
    }

    /// What a C function does that returns without the line that unlocks. Preemption is on again, as if only the lock's
    /// word had been forgotten: else the task would be found out at once, when it ends, for another reason.
    fn forget(&self, held: Held<'_, Kernel>) {
        core::mem::forget(held);
        if self.guard.lock() == Lock::Spinlock {
            Kernel::preempt_enable();
        }
    }
}
