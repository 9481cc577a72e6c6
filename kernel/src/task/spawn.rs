//! Starting tasks and waiting for their end.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;

use kcore::machine::TaskId;

use crate::arch::{cpu, percpu, smp, switch};
use crate::mm::stacks;

use super::queue::{self, QueueGuard};
use super::table::{self, State, Task};

/// Why a task could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The table is full.
    TooMany,
    /// No memory is left for its stack.
    NoMemory,
    /// There is no such CPU.
    NoSuchCpu,
}

/// A task that can be waited for. Dropping it without [`join`](JoinHandle::join) keeps the task's slot for ever.
#[derive(Debug)]
#[must_use = "a task that is not joined keeps its slot"]
pub struct JoinHandle {
    id: TaskId,
}

/// Starts `body` as a task called `name` on CPU `cpu`.
pub fn spawn(name: &str, cpu: u32, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, SpawnError> {
    if cpu >= smp::cpus() {
        return Err(SpawnError::NoSuchCpu);
    }
    // Before any lock: to allocate takes the heap's.
    let entry = Box::new(body);
    let (id, task) = create(name, cpu)?;
    let mut queue = QueueGuard::lock(cpu);
    // SAFETY: `create` gave it a stack that nobody uses: a task that had it was joined, which waits until it is left.
    let stack_pointer = unsafe { switch::prepare(task.stack_top.load(Relaxed), first) };
    let inner = task.inner(&mut queue);
    inner.stack_pointer = stack_pointer;
    inner.entry = Some(entry);
    queue::enqueue(queue, id);
    Ok(JoinHandle { id })
}

/// Claims a slot with a stack.
fn create(name: &str, cpu: u32) -> Result<(TaskId, &'static Task), SpawnError> {
    let top = stacks::task_stack().map_err(|_| SpawnError::NoMemory)?;
    let Some((id, task)) = table::claim(name, cpu) else {
        stacks::keep(top);
        return Err(SpawnError::TooMany);
    };
    task.stack_top.store(top, Relaxed);
    let mut queue = QueueGuard::lock(cpu);
    let inner = task.inner(&mut queue);
    inner.state = State::Runnable;
    inner.token = false;
    inner.joiner = None;
    Ok((id, task))
}

/// Makes the running code of the first CPU a task called `name`, so that it can block.
pub fn adopt(name: &str) -> Result<(), SpawnError> {
    let (id, task) = table::claim(name, 0).ok_or(SpawnError::TooMany)?;
    task.inner(&mut QueueGuard::lock(0)).state = State::Runnable;
    queue::set_current(0, id);
    Ok(())
}

/// Creates the idle task of the first CPU, which halts when nothing else can run.
pub fn idle_of_first_cpu() -> Result<(), SpawnError> {
    let (id, task) = create("idle", 0)?;
    let mut queue = QueueGuard::lock(0);
    // SAFETY: a new task's own stack.
    task.inner(&mut queue).stack_pointer =
        unsafe { switch::prepare(task.stack_top.load(Relaxed), first_idle) };
    drop(queue);
    queue::set_idle(0, id);
    Ok(())
}

/// Creates the idle task of a CPU that is about to start, and returns the top of its stack, on which the CPU starts.
pub fn idle_of(cpu: u32) -> Result<u64, SpawnError> {
    let (id, task) = create("idle", cpu)?;
    queue::set_idle(cpu, id);
    queue::set_current(cpu, id);
    Ok(task.stack_top.load(Relaxed))
}

impl JoinHandle {
    /// Whose end it waits for.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Waits until the task has ended, and frees its slot.
    pub fn join(self) {
        let task = table::find(self.id).expect("a task that was not joined keeps its slot");
        loop {
            let mut queue = QueueGuard::lock(task.cpu());
            let inner = task.inner(&mut queue);
            if inner.state == State::Ended {
                task.release(&mut queue);
                return;
            }
            inner.joiner = Some(queue::current());
            drop(queue);
            queue::block();
        }
    }
}

/// Where a new task begins.
extern "C" fn first() -> ! {
    // SAFETY: this is the first thing that a new task does; interrupts are off since the switch.
    unsafe { queue::finish_first_switch() };
    let entry = {
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        let task = table::find(queue::current()).expect("the running task is in the table");
        task.inner(&mut queue).entry.take()
    };
    cpu::irq_on();
    entry.expect("a task has an entry until it runs")();
    queue::end()
}

/// Where the idle task of the first CPU begins.
extern "C" fn first_idle() -> ! {
    // SAFETY: as above.
    unsafe { queue::finish_first_switch() };
    queue::idle()
}
