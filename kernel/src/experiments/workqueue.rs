//! R14: two works in two workers.

use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::event::Class;
use kcore::experiment::Refusal;
use kcore::machine::Cpu;
use kcore::sync::Completion;

use crate::irq::{Work, WorkQueue};
use crate::machine::Kernel;
use crate::observe::{explorer, participant, run};

use super::Stage;
use super::counting::Count;
use super::{crew, rig};

/// Queues with one worker each.
type Queues = Vec<WorkQueue>;

/// One round: as many works as the catalogue says, each in a queue of its own with one worker; each adds 1 to
/// the counter, `quanta` times.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let (works, quanta) = (stage.resolved.writers, stage.resolved.quanta);
    let count = Arc::new(Count::new(stage.resolved.lock));
    let queue = |who| WorkQueue::on("worker", crew::spread(who));
    let queues = (0..works).map(queue).collect::<Result<Queues, _>>()?;
    let its = Arc::clone(&count);
    let work = move || (0..quanta).for_each(|_| its.increment());
    match explorer::is_open() {
        true => explore(stage, &queues, &work)?,
        false => run(stage, &queues, Arc::new(work)),
    }
    count.close(u64::from(works) * u64::from(quanta), stage);
    Ok(())
}

/// Has each queue do `work`, all at once.
fn run(stage: &mut Stage<'_>, queues: &Queues, work: Arc<impl Fn() + Send + Sync + 'static>) {
    // A work that waits for the others with a spinlock held keeps its CPU, and it may be this one: so none
    // begins before all are queued.
    let start = Arc::new(Completion::<Kernel>::new(Class::EVENT));
    run::begin_round(queues.len() as u32, &crew::spread);
    let began = Kernel::cycles();
    for (queue, who) in queues.iter().zip(0_u8..) {
        let (work, start) = (Arc::clone(&work), Arc::clone(&start));
        put(queue, move || {
            start.wait();
            participant::enter(who);
            work();
            participant::leave();
        });
    }
    start.complete_all();
    queues.iter().for_each(WorkQueue::flush);
    stage.run.cycles += Kernel::cycles() - began;
    run::end_round();
}

/// Has each queue do `work`, in all orders.
fn explore(stage: &mut Stage<'_>, queues: &Queues, work: &(impl Fn() + Sync)) -> Result<(), Refusal> {
    let start = |who| put(&queues[who as usize], move || explorer::take_part(who));
    rig::explored(stage, explorer::race_of(&|_| work(), &start))?;
    queues.iter().for_each(WorkQueue::flush);
    Ok(())
}

fn put(queue: &WorkQueue, work: impl FnOnce() + Send + 'static) {
    let queued = queue.queue(Work::new(work));
    debug_assert!(queued.is_ok(), "a new queue has room");
}
