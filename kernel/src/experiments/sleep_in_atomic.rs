//! R28, R33: an allocation that may sleep, in a critical section.

use core::ptr::NonNull;

use kcore::errno::Errno;
use kcore::event::might_sleep;
use kcore::experiment::INSIDE;
use kcore::machine::{Kind, Memory};
use kcore::shared::probe;

use crate::machine::{Guard, Kernel};

use super::trial::{Refusal, Trial};

/// Bytes of a block.
const SIZE: usize = 256;

/// One round: every task allocates a block in the critical section, `quanta` times, and frees it outside.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let guard = Guard::new(resolved.lock, "list.lock", "list.lock");
    trial.heap_round(&|_, told| {
        for _ in 0..resolved.quanta {
            let held = guard.enter();
            probe::<Kernel>(&INSIDE);
            let block = kmalloc();
            drop(held);
            let Ok(block) = block else {
                told.refused();
                continue;
            };
            // SAFETY: the block is this task's own, and this is the end of it.
            let freed = unsafe { Kernel::free(block) };
            debug_assert!(freed.is_ok(), "a live block was refused");
        }
    })?;
    trial.add_lock(guard.stats());
    Ok(())
}

/// What kmalloc with GFP_KERNEL is to its caller: a function that may sleep, and says so whether it sleeps or not.
#[track_caller]
fn kmalloc() -> Result<NonNull<u8>, Errno> {
    might_sleep::<Kernel>();
    Kernel::allocate(Kind::Quantum, SIZE)
}
