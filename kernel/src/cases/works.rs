//! Work queues: what is queued is done, by tasks, and flush waits for it.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{
    AtomicU32, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use super::Answer;
use super::case::{holds, same};
use crate::arch::{cpu, smp};
use crate::context::{self, Context};
use crate::irq::{Work, WorkQueue, device};
use crate::machine::SpinLock;
use crate::param::MAX_WORKS;
use crate::task;
use kcore::class;

crate::case! {
    "works::flush-waits-for-all" => flush;
    "works::one-worker-keeps-the-order" => order;
    "works::may-sleep" => sleeping;
    "works::queued-by-a-handler" => by_a_handler;
    "works::stop-does-what-waits" => stop;
    "works::too-many-are-given-back" => too_many;
}

fn queue(workers: u32) -> Result<WorkQueue, alloc::string::String> {
    WorkQueue::new("worker", workers).map_err(|error| format!("no work queue: {error:?}"))
}

fn flush() -> Answer {
    let queue = queue(smp::cpus())?;
    let done = Arc::new(AtomicU32::new(0));
    for round in 1..=20 {
        for _ in 0..10 {
            let done = Arc::clone(&done);
            let work = Work::new(move || {
                task::yield_now();
                done.fetch_add(1, SeqCst);
            });
            holds("there is room", queue.queue(work).is_ok())?;
        }
        queue.flush();
        same("works done when flush came back", done.load(SeqCst), 10 * round)?;
    }
    holds("nothing is left", queue.is_empty())
}

static ORDER: SpinLock<heapless::Vec<usize, 16>> = SpinLock::new(class!("test"), heapless::Vec::new());

fn order() -> Answer {
    ORDER.lock_irqsave().clear();
    let queue = queue(1)?;
    for number in 0..10 {
        let work = Work::Call(|number| ORDER.lock_irqsave().push(number).expect("there are ten"), number);
        holds("there is room", queue.queue(work).is_ok())?;
    }
    queue.flush();
    let order = ORDER.lock_irqsave().clone();
    holds(&format!("{order:?} is the order in which they came"), order.iter().copied().eq(0..10))
}

fn sleeping() -> Answer {
    let queue = queue(2)?;
    let right = Arc::new(AtomicU32::new(0));
    for _ in 0..4 {
        let right = Arc::clone(&right);
        let work = Work::new(move || {
            task::sleep(100);
            let atomic = context::is_atomic() || context::current() != Context::Task;
            right.fetch_add(u32::from(!atomic), SeqCst);
        });
        holds("there is room", queue.queue(work).is_ok())?;
    }
    queue.flush();
    same("works in a task's context", right.load(SeqCst), 4)
}

/// The queue of `by_a_handler`, while that runs.
static QUEUE: SpinLock<Option<WorkQueue>> = SpinLock::new(class!("test"), None);
static CALLED: AtomicUsize = AtomicUsize::new(0);

fn by_a_handler() -> Answer {
    CALLED.store(0, SeqCst);
    let before = QUEUE.lock_irqsave().replace(queue(1)?);
    drop(before);
    device::open(|| {
        if let Some(queue) = &*QUEUE.lock_irqsave() {
            let queued = queue.queue(Work::Call(|number| _ = CALLED.fetch_add(number, SeqCst), 5));
            queued.expect("there is room");
        }
    });
    (0..3).for_each(|_| device::fire());
    device::close();
    let queue = QUEUE.lock_irqsave().take();
    drop(queue);
    same("the sum of the arguments", CALLED.load(Relaxed), 15)
}

fn stop() -> Answer {
    let queue = queue(2)?;
    let done = Arc::new(AtomicU32::new(0));
    for _ in 0..100 {
        let done = Arc::clone(&done);
        let work = Work::new(move || _ = done.fetch_add(1, SeqCst));
        holds("there is room", queue.queue(work).is_ok())?;
    }
    queue.stop();
    same("works done", done.load(SeqCst), 100)
}

static GATE: AtomicU32 = AtomicU32::new(0);

fn too_many() -> Answer {
    GATE.store(0, SeqCst);
    let queue = queue(1)?;
    let gated = Work::new(|| {
        GATE.store(1, SeqCst);
        while GATE.load(SeqCst) == 1 {
            task::yield_now();
            cpu::pause();
        }
    });
    holds("there is room", queue.queue(gated).is_ok())?;
    while GATE.load(SeqCst) == 0 {
        task::yield_now();
    }
    let taken = (0..MAX_WORKS + 1).filter(|_| queue.queue(Work::Call(|_| (), 0)).is_ok()).count();
    GATE.store(2, SeqCst);
    queue.flush();
    same("works that were taken", taken, MAX_WORKS)?;
    holds("there is room again", queue.queue(Work::Call(|_| (), 0)).is_ok())
}
