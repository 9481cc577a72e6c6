//! R14: two works in two workers.

use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::event::Class;
use kcore::experiment::Refusal;
use kcore::machine::Cpu;
use kcore::sync::Completion;

use crate::irq::{Work, WorkQueue};
use crate::machine::Kernel;
use crate::observe::{participant, run};

use super::Stage;
use super::counting::Count;
use super::crew;

/// One round: as many works as the catalogue says, each in a queue of its own with one worker; each adds 1 to
/// the counter, `quanta` times.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let (works, quanta) = (stage.resolved.writers, stage.resolved.quanta);
    let count = Arc::new(Count::new(stage.resolved.lock));
    let queue = |who| WorkQueue::on("worker", crew::spread(who));
    let queues = (0..works).map(queue).collect::<Result<Vec<_>, _>>()?;
    // A work that waits for the others with a spinlock held keeps its CPU, and it may be this one: so none
    // begins before all are queued.
    let start = Arc::new(Completion::<Kernel>::new(Class::EVENT));
    run::begin_round(works, &crew::spread);
    let began = Kernel::cycles();
    for (queue, who) in queues.iter().zip(0_u8..) {
        let (count, start) = (Arc::clone(&count), Arc::clone(&start));
        let queued = queue.queue(Work::new(move || {
            start.wait();
            participant::enter(who);
            (0..quanta).for_each(|_| count.increment());
            participant::leave();
        }));
        debug_assert!(queued.is_ok(), "a new queue has room");
    }
    start.complete_all();
    queues.iter().for_each(WorkQueue::flush);
    stage.run.cycles += Kernel::cycles() - began;
    run::end_round();
    count.close(u64::from(works) * u64::from(quanta), stage);
    Ok(())
}
