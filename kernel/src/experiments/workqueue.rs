//! R14: two works in two workers.

use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::machine::Cpu;

use crate::hooks;
use crate::irq::{Work, WorkQueue};
use crate::machine::Kernel;

use super::counting::Count;
use super::crew;
use super::trial::{Refusal, Trial};

/// One round: as many works as the catalogue says, each in a queue of its own with one worker; each adds 1 to the counter,
/// `quanta` times.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let (works, quanta) = (trial.resolved.writers, trial.resolved.quanta);
    let count = Arc::new(Count::new(trial.resolved.lock));
    let start = |who| WorkQueue::on("worker", crew::spread(who));
    let queues = (0..works).map(start).collect::<Result<Vec<_>, _>>()?;
    hooks::begin_round(works, &crew::spread);
    let began = Kernel::cycles();
    for (queue, who) in queues.iter().zip(0_u8..) {
        let count = Arc::clone(&count);
        let queued = queue.queue(Work::new(move || {
            hooks::enter(who);
            (0..quanta).for_each(|_| count.increment());
            hooks::leave(who);
        }));
        debug_assert!(queued.is_ok(), "a new queue has room");
    }
    queues.iter().for_each(WorkQueue::flush);
    trial.run.cycles += Kernel::cycles() - began;
    hooks::end_round();
    count.close(u64::from(works) * u64::from(quanta), trial);
    Ok(())
}
