//! The run queue of each CPU.
//!
//! A CPU's lock is held across the context switch: whoever switches away leaves its guard on its own stack, and whoever
//! is switched to finds its own there and drops it. So a task that another CPU sees as blocked or ended is really off its
//! stack (I6).
//!
//! ```text
//! CPU 0: block()                          CPU 1: wake(task)
//!   lock queue 0
//!   no token: state = Blocked               lock queue 0   ... waits
//!   switch to the next task
//!   the next task unlocks queue 0
//!                                           state = Runnable, push, kick CPU 0 if it halts
//! ```

use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use heapless::Deque;
use kcore::machine::TaskId;

use crate::arch::{cpu, percpu, smp, switch};
use crate::machine::{SpinIrqGuard, SpinLock};
use crate::param::{MAX_CPUS, MAX_TASKS};

use super::table::{self, State, Task};

/// What the lock of a CPU's queue protects, with [`Inner`](super::table::Inner) of each of its tasks.
pub struct Queue {
    /// Tasks that could run, in the order of their turn. The running task is not in it, nor is the idle task.
    ready: Deque<TaskId, MAX_TASKS>,
    /// The CPU halts, or is about to: whoever adds work sends an interrupt.
    halted: bool,
    /// The task that runs when no other can; 0 until the CPU has one.
    idle: TaskId,
    /// Who waits for the end of the task that was switched away from.
    farewell: Option<TaskId>,
}

impl Queue {
    const fn new() -> Self {
        Queue { ready: Deque::new(), halted: false, idle: TaskId(0), farewell: None }
    }
}

static QUEUES: [SpinLock<Queue>; MAX_CPUS] = [const { SpinLock::new(Queue::new()) }; MAX_CPUS];

/// The running task of each CPU; written by that CPU.
static CURRENT: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// The lock of a CPU's queue, held, with interrupts off.
pub struct QueueGuard {
    cpu: u32,
    queue: SpinIrqGuard<'static, Queue>,
}

impl QueueGuard {
    /// Locks the queue of `cpu`.
    pub fn lock(cpu: u32) -> Self {
        QueueGuard { cpu, queue: QUEUES[cpu as usize].lock_irqsave() }
    }

    /// Whose queue it is.
    pub fn cpu(&self) -> u32 {
        self.cpu
    }
}

impl Deref for QueueGuard {
    type Target = Queue;
    fn deref(&self) -> &Queue {
        &self.queue
    }
}

impl DerefMut for QueueGuard {
    fn deref_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

/// The running task; 0 before the CPU has one.
#[inline]
pub fn current() -> TaskId {
    TaskId(CURRENT[percpu::this_cpu() as usize].load(Relaxed))
}

/// Says that `task` runs on `cpu` from its start: the first task of the first CPU, and idle tasks.
pub fn set_current(cpu: u32, task: TaskId) {
    CURRENT[cpu as usize].store(task.0, Relaxed);
}

/// Says which task runs on `cpu` when no other can.
pub fn set_idle(cpu: u32, task: TaskId) {
    QueueGuard::lock(cpu).idle = task;
}

/// Puts a new task into its queue.
pub fn enqueue(mut queue: QueueGuard, task: TaskId) {
    queue.ready.push_back(task).expect("the queue has room for every task there can be");
    unlock_and_kick(queue);
}

/// Unlocks a queue in which there is news for its CPU, and interrupts the CPU if it halts.
fn unlock_and_kick(mut queue: QueueGuard) {
    let kick = core::mem::take(&mut queue.halted);
    let cpu = queue.cpu();
    drop(queue);
    if kick && cpu != percpu::this_cpu() {
        smp::kick(cpu);
    }
}

/// Sleeps until [`wake`], unless a wake-up is kept already.
pub fn block() {
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    let task = this_task();
    let inner = task.inner(&mut queue);
    if core::mem::take(&mut inner.token) {
        return;
    }
    inner.state = State::Blocked;
    switch_away(queue);
}

/// Makes `task` runnable, or keeps the wake-up for it. Does nothing for a task that has ended.
pub fn wake(id: TaskId) {
    let Some(task) = table::find(id) else { return };
    let mut queue = QueueGuard::lock(task.cpu());
    if task.id() != id {
        return;
    }
    let inner = task.inner(&mut queue);
    match inner.state {
        State::Blocked => {
            inner.state = State::Runnable;
            enqueue(queue, id);
        }
        State::Runnable => {
            inner.token = true;
            unlock_and_kick(queue);
        }
        State::Ended => {}
    }
}

/// Lets the other tasks of this CPU run first.
pub fn yield_now() {
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    if !queue.ready.is_empty() {
        let me = current();
        if me != queue.idle {
            queue.ready.push_back(me).expect("the queue has room for every task there can be");
        }
        switch_away(queue);
    }
}

/// Waits for [`wake`] without letting another task run on this CPU, which halts meanwhile: for a task that holds a
/// spinlock, whose place nobody else may take. Interrupts are on afterwards if they were on before.
pub fn halt_in_place() {
    let were_on = cpu::irq_save();
    loop {
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        if core::mem::take(&mut this_task().inner(&mut queue).token) {
            break;
        }
        queue.halted = true;
        drop(queue);
        cpu::irq_on_and_halt();
        cpu::irq_save();
    }
    cpu::irq_restore(were_on);
}

/// Ends the running task: it never runs again.
pub fn end() -> ! {
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    let inner = this_task().inner(&mut queue);
    inner.state = State::Ended;
    let joiner = inner.joiner.take();
    // Who waits for the end may use this task's slot and stack, so it is woken once they are left: see `settle`.
    queue.farewell = joiner;
    switch_away(queue);
    unreachable!("a task that has ended was switched to");
}

/// The idle task of the calling CPU: runs whoever can run, and halts when nobody can. Interrupts are off except while it
/// halts.
pub fn idle() -> ! {
    loop {
        cpu::irq_save();
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        if queue.ready.is_empty() {
            queue.halted = true;
            drop(queue);
            cpu::irq_on_and_halt();
        } else {
            queue.halted = false;
            switch_away(queue);
        }
    }
}

/// Unlocks the queue that the switch to a new task left locked.
///
/// # Safety
/// Called once by a new task, first of all, with interrupts off.
pub unsafe fn finish_first_switch() {
    let cpu = percpu::this_cpu();
    // SAFETY: `switch_away` locked it and left its guard on the stack of the task that it switched from, which drops it
    // for its own next acquisition: each side of a switch unlocks what the other locked.
    unsafe { QUEUES[cpu as usize].force_unlock() };
    settle(QueueGuard::lock(cpu));
}

/// The end of every switch: unlocks the queue and tells whoever waited for the end of the task that was left.
fn settle(mut queue: QueueGuard) {
    let joiner = queue.farewell.take();
    drop(queue);
    if let Some(joiner) = joiner {
        wake(joiner);
    }
}

fn this_task() -> &'static Task {
    table::find(current()).expect("the running task is in the table")
}

/// Switches to the next task that can run. Comes back when the caller's task is switched to again.
fn switch_away(mut queue: QueueGuard) {
    let from = this_task();
    let next = queue.ready.pop_front().unwrap_or(queue.idle);
    if next == from.id() {
        return;
    }
    let to = table::find(next).expect("a queued task is in the table");
    let load = to.inner(&mut queue).stack_pointer;
    set_current(queue.cpu(), next);
    // SAFETY: `load` was saved by a switch or prepared for a new task, and is used once, since the task leaves the queue
    // now. Interrupts are off, and the cell is in a static. The queue stays locked until the other side unlocks it.
    unsafe { switch::switch(from.stack_pointer_cell(), load) };
    // Switched back to, on the same CPU: whoever did it had locked the queue, and `queue` unlocks it.
    settle(queue);
}
