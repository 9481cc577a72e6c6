//! R14: two works in two workers.

use alloc::sync::Arc;

use kcore::machine::Cpu;

use crate::hooks;
use crate::irq::{Work, WorkQueue};
use crate::machine::Kernel;

use super::counting::Count;
use super::crew;
use super::trial::{Refusal, Trial};

/// One round: as many works as the catalogue says, in a queue with as many workers; each adds 1 to the counter, `quanta`
/// times. A worker that waits is in the middle of its work, so the next one goes to another worker.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (works, quanta) = (trial.resolved.writers, trial.resolved.quanta);
    let count = Arc::new(Count::new(trial.resolved.lock));
    hooks::begin_round(works, crew::spread);
    let queue = WorkQueue::new("worker", works)?;
    let began = Kernel::cycles();
    for who in 0..works {
        let count = Arc::clone(&count);
        let work = move || {
            hooks::enter(who as u8);
            (0..quanta).for_each(|_| count.increment());
            hooks::leave(who as u8);
        };
        let queued = queue.queue(Work::new(work));
        debug_assert!(queued.is_ok(), "a new queue has room for a crew");
    }
    queue.flush();
    trial.run.cycles += Kernel::cycles() - began;
    hooks::end_round();
    queue.stop();
    count.close(u64::from(works) * u64::from(quanta), trial);
    Ok(())
}
