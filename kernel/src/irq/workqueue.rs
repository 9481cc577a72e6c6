//! Work queues: functions that tasks call, one after the other, and that may sleep (LDD3 ch. 7, "Workqueues";
//! LKD ch. 8).
//!
//! Each queue has workers of its own, spread over the CPUs. A worker runs one work at a time; with more
//! workers than one, works run at the same time and may end in another order than they came in.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use kcore::class;
use kcore::event::might_sleep;
use kcore::machine::TaskId;

use crate::arch::smp;
use crate::machine::{Kernel, SpinLock};
use crate::param::MAX_WORKS;
use crate::task::{self, JoinHandle, SpawnError};

/// Something to be done by a task.
pub enum Work {
    /// A function and its argument: needs no memory, so an interrupt handler may make one.
    Call(fn(usize), usize),
    /// Anything.
    Boxed(Box<dyn FnOnce() + Send>),
}

impl Work {
    /// `body`, in a box.
    pub fn new(body: impl FnOnce() + Send + 'static) -> Self {
        Work::Boxed(Box::new(body))
    }

    fn run(self) {
        match self {
            Work::Call(function, argument) => function(argument),
            Work::Boxed(body) => body(),
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// Works that wait, and the tasks that do them. Dropping it does what [`stop`](WorkQueue::stop) does.
pub struct WorkQueue {
    shared: Arc<SpinLock<Shared>>,
    workers: Vec<JoinHandle>,
}

/// What a work queue's lock protects. Interrupt handlers take it, so nothing is allocated or freed under it.
struct Shared {
    /// Works with their serial numbers, in order; has room for `MAX_WORKS`.
    waiting: VecDeque<(u64, Work)>,
    /// The serial number of the work that each worker does.
    underway: Vec<Option<u64>>,
    /// Workers that have nothing to do; has room for all.
    idle: Vec<TaskId>,
    /// Tasks in `flush`; each waker empties it.
    flushing: heapless::Vec<TaskId, 8>,
    /// The serial number of the next work.
    next: u64,
}

impl Shared {
    fn new(workers: usize) -> Self {
        Shared {
            waiting: VecDeque::with_capacity(MAX_WORKS),
            underway: (0..workers).map(|_| None).collect(),
            idle: Vec::with_capacity(workers),
            flushing: heapless::Vec::new(),
            next: 0,
        }
    }

    /// The serial number before which every work is done.
    fn oldest(&self) -> u64 {
        let waiting = self.waiting.front().map(|(serial, _)| *serial);
        waiting.into_iter().chain(self.underway.iter().copied().flatten()).min().unwrap_or(self.next)
    }
}

impl WorkQueue {
    /// A queue whose `workers` tasks are called `name`.
    #[doc(alias = "create_workqueue")]
    pub fn new(name: &str, workers: u32) -> Result<Self, SpawnError> {
        WorkQueue::with_workers_on(name, (0..workers).map(|number| number % smp::cpus()))
    }

    /// A queue with one worker, called `name`, on `cpu`: its works are done one after the other.
    #[doc(alias = "create_singlethread_workqueue")]
    pub fn on(name: &str, cpu: u32) -> Result<Self, SpawnError> {
        WorkQueue::with_workers_on(name, core::iter::once(cpu))
    }

    /// A queue for works of which one may die: its worker dies alone.
    pub(crate) fn of_mortals(name: &str, workers: u32) -> Result<Self, SpawnError> {
        let mut queue = WorkQueue::without_workers(workers as usize);
        for number in 0..workers {
            let shared = Arc::clone(&queue.shared);
            let cpu = number % smp::cpus();
            let worker = task::spawn_mortal(name, cpu, move || work(number as usize, &shared))?;
            queue.workers.push(worker.orphaned());
        }
        Ok(queue)
    }

    fn without_workers(number: usize) -> Self {
        let shared = Arc::new(SpinLock::new(class!("work queue"), Shared::new(number)));
        WorkQueue { shared, workers: Vec::new() }
    }

    fn with_workers_on(name: &str, cpus: impl ExactSizeIterator<Item = u32>) -> Result<Self, SpawnError> {
        let mut queue = WorkQueue::without_workers(cpus.len());
        for (number, cpu) in cpus.enumerate() {
            let shared = Arc::clone(&queue.shared);
            // On an error those that have started are stopped by the drop.
            queue.workers.push(task::spawn(name, cpu, move || work(number, &shared))?);
        }
        Ok(queue)
    }

    /// Has a worker do `work`, soon. May be called anywhere. Gives the work back when [`MAX_WORKS`] wait
    /// already.
    #[doc(alias = "queue_work")]
    pub fn queue(&self, work: Work) -> Result<(), Work> {
        let mut shared = self.shared.lock_irqsave();
        if shared.waiting.len() == MAX_WORKS {
            return Err(work);
        }
        let serial = shared.next;
        shared.next += 1;
        shared.waiting.push_back((serial, work));
        let idle = shared.idle.pop();
        drop(shared);
        if let Some(worker) = idle {
            task::wake(worker);
        }
        Ok(())
    }

    /// Waits until every work that was queued before is done. A work must not call this for its own queue.
    #[doc(alias = "flush_workqueue")]
    #[track_caller]
    pub fn flush(&self) {
        might_sleep::<Kernel>();
        let target = self.shared.lock_irqsave().next;
        loop {
            let mut shared = self.shared.lock_irqsave();
            if shared.oldest() >= target {
                return;
            }
            let room = shared.flushing.push(task::current()).is_ok();
            drop(shared);
            match room {
                true => task::block(),
                false => task::yield_now(),
            }
        }
    }

    /// How many works wait or are being done.
    pub fn len(&self) -> usize {
        let shared = self.shared.lock_irqsave();
        shared.waiting.len() + shared.underway.iter().flatten().count()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tasks that do the work.
    pub fn workers(&self) -> impl Iterator<Item = TaskId> {
        self.workers.iter().map(JoinHandle::id)
    }

    /// Lets the workers do what waits, and waits for their end. Works of workers that were given up are lost.
    #[doc(alias = "destroy_workqueue")]
    pub fn stop(self) {}
}

impl Drop for WorkQueue {
    fn drop(&mut self) {
        for worker in self.workers.drain(..) {
            worker.stop();
        }
    }
}

impl fmt::Debug for WorkQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The life of a worker.
fn work(number: usize, shared: &SpinLock<Shared>) {
    while let Some(work) = next(number, shared) {
        work.run();
        let mut done = shared.lock_irqsave();
        done.underway[number] = None;
        let flushing = core::mem::take(&mut done.flushing);
        drop(done);
        flushing.into_iter().for_each(task::wake);
    }
}

/// The next work; waits for it. `None` when there is none and the worker is to stop.
fn next(number: usize, shared: &SpinLock<Shared>) -> Option<Work> {
    let me = task::current();
    loop {
        let mut shared = shared.lock_irqsave();
        shared.idle.retain(|other| *other != me);
        if let Some((serial, work)) = shared.waiting.pop_front() {
            shared.underway[number] = Some(serial);
            return Some(work);
        }
        if task::should_stop() {
            return None;
        }
        shared.idle.push(me);
        drop(shared);
        task::block();
    }
}
