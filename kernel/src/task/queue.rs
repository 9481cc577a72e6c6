//! The run queue of each CPU.
//! How tasks come into it and leave it is in `schedule`.

use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use heapless::{Deque, Vec};
use kcore::class;
use kcore::machine::TaskId;

use crate::arch::{percpu, smp};
use crate::irq::timer;
use crate::machine::{SpinIrqGuard, SpinLock};
use crate::param::{MAX_CPUS, MAX_TASKS};
use crate::time::{self, NEVER};

use super::listener;
use super::table::{self, State, Task};

/// What the lock of a CPU's queue protects, with `Inner` of each of its tasks.
pub struct Queue {
    /// Tasks that could run, in the order of their turn. The running task is not in it, nor is the idle task.
    pub(super) ready: Deque<TaskId, MAX_TASKS>,
    /// Tasks that sleep until a moment, or until they are woken; each once.
    pub(super) sleepers: Vec<(u64, TaskId), MAX_TASKS>,
    /// The CPU halts, or is about to: a CPU that adds work sends an interrupt.
    pub(super) halted: bool,
    /// The task that runs when no other can; 0 until the CPU has one.
    pub(super) idle: TaskId,
    /// The task that waits for the end of the task that was switched away from.
    pub(super) farewell: Option<TaskId>,
    /// When the running task was switched to.
    pub(super) since: u64,
    /// When the running task's slice ends; [`NEVER`] for one that time does not interrupt.
    pub(super) slice_end: u64,
    /// When this CPU's timer will interrupt it; 0 for never, so that queues that no CPU uses are zeros and
    /// take no room in the ELF.
    pub(super) armed: u64,
    /// The running task's slice is to end at the next tick, whatever the time.
    pub(super) over: bool,
    /// The running task halts in place until it is woken.
    pub(super) in_place: bool,
}

impl Queue {
    const fn new() -> Self {
        Queue {
            ready: Deque::new(),
            sleepers: Vec::new(),
            halted: false,
            idle: TaskId(0),
            farewell: None,
            since: 0,
            slice_end: 0,
            armed: 0,
            over: false,
            in_place: false,
        }
    }

    /// The next moment at which this CPU, whose queue it is, has something to do.
    #[inline]
    fn next_moment(&self) -> u64 {
        let slice = if self.ready.is_empty() { NEVER } else { self.slice_end };
        let sleep = self.sleepers.iter().map(|(moment, _)| *moment).min().unwrap_or(NEVER);
        slice.min(sleep).min(timer::next()).min(listener::NEXT_LOOK.load(Relaxed))
    }

    /// Sets this CPU's timer to what it has to do next.
    #[inline]
    pub(super) fn arm(&mut self) {
        let moment = self.next_moment();
        // One that comes too early is not worth the writing: its handler arms the timer anew.
        if moment != NEVER && (self.armed == 0 || moment < self.armed) {
            self.armed = moment;
            time::interrupt_at(moment);
        }
    }
}

pub(super) static QUEUES: [SpinLock<Queue>; MAX_CPUS] = [const {
    SpinLock::new(class!("run queue", "One at a time; held across the context switch (I6)."), Queue::new())
}; MAX_CPUS];

/// The running task of each CPU; written by that CPU.
static CURRENT: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// The idle task of each CPU, for a reader that cannot wait for the lock of its queue.
static IDLE: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// The lock of a CPU's queue, held, with interrupts off.
pub struct QueueGuard {
    cpu: u32,
    queue: SpinIrqGuard<'static, Queue>,
}

impl QueueGuard {
    /// Locks the queue of `cpu`.
    #[inline]
    pub fn lock(cpu: u32) -> Self {
        QueueGuard { cpu, queue: QUEUES[cpu as usize].lock_irqsave() }
    }

    /// Whose queue it is.
    #[inline]
    pub fn cpu(&self) -> u32 {
        self.cpu
    }
}

impl Deref for QueueGuard {
    type Target = Queue;
    #[inline]
    fn deref(&self) -> &Queue {
        &self.queue
    }
}

impl DerefMut for QueueGuard {
    #[inline]
    fn deref_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

/// The running task; 0 before the CPU has one.
#[inline]
pub fn current() -> TaskId {
    TaskId(CURRENT[percpu::this_cpu() as usize].load(Relaxed))
}

/// The task that runs on `cpu` at this moment.
#[inline]
pub fn current_of(cpu: u32) -> TaskId {
    TaskId(CURRENT[cpu as usize].load(Relaxed))
}

/// Says that `task` runs on `cpu`: from its start, the first task of the first CPU and idle tasks; from the
/// switch on, others.
///
/// # Safety
/// It does, or will before the CPU asks: whatever asks for the running task takes its stack and its slot for
/// the caller's.
#[inline]
pub(super) unsafe fn set_current(cpu: u32, task: TaskId) {
    CURRENT[cpu as usize].store(task.0, Relaxed);
}

/// Says which task runs on `cpu` when no other can.
pub(super) fn set_idle(cpu: u32, task: TaskId) {
    IDLE[cpu as usize].store(task.0, Relaxed);
    QueueGuard::lock(cpu).idle = task;
}

/// The task that runs on `cpu` when no other can.
pub fn idle_of(cpu: u32) -> TaskId {
    TaskId(IDLE[cpu as usize].load(Relaxed))
}

/// Puts a task that can run into its queue.
#[inline]
pub(super) fn enqueue(mut queue: QueueGuard, task: TaskId) {
    queue.ready.push_back(task).expect("the queue has room for every task there can be");
    unlock_and_kick(queue);
}

/// Unlocks a queue in which there is news for its CPU, and interrupts the CPU if it halts, or if its running
/// task has had it for itself until now.
pub(super) fn unlock_and_kick(mut queue: QueueGuard) {
    let halted = core::mem::take(&mut queue.halted);
    let cpu = queue.cpu();
    if cpu == percpu::this_cpu() {
        queue.arm();
        return;
    }
    // Its clock is not set to the end of the slice yet, which `cond_resched` waits for as well as preemption.
    // The idle task, where it does not halt, has no slice: it looks at the queue before it does.
    let first = queue.ready.len() == 1 && current_of(cpu) != queue.idle;
    drop(queue);
    if halted || first {
        smp::kick(cpu);
    }
}

/// There is news for this CPU, from another one or from its own timers: sets its clock to what comes next.
pub(crate) fn arm() {
    QueueGuard::lock(percpu::this_cpu()).arm();
}

/// Whether CPUs run side by side, so that one can see what another does by looking again and again.
pub(super) fn may_look() -> bool {
    smp::cpus() > 1 && !smp::take_turns()
}

/// Whether no other task of the calling CPU could run at this moment, but tasks of other CPUs do.
pub(super) fn may_poll() -> bool {
    may_look() && QueueGuard::lock(percpu::this_cpu()).ready.is_empty()
}

/// Whether `cpu` runs no task but its idle one at this moment.
pub fn is_idle(cpu: u32) -> bool {
    let queue = QueueGuard::lock(cpu);
    current_of(cpu) == queue.idle
}

/// Whether `id` will wake up at a moment.
pub(super) fn sleeps_until_a_moment(id: TaskId) -> bool {
    let Some(task) = table::find(id) else { return false };
    QueueGuard::lock(task.cpu()).sleepers.iter().any(|(_, sleeper)| *sleeper == id)
}

/// Whether `task` does nothing until it is woken: it sleeps, and until no moment, or halts in place, or has
/// ended.
pub(crate) fn is_still(task: &Task) -> bool {
    let id = task.id();
    let mut queue = QueueGuard::lock(task.cpu());
    if task.id() != id {
        return false;
    }
    let halts_in_place = queue.in_place && current_of(queue.cpu()) == id;
    let sleeps_until_a_moment = queue.sleepers.iter().any(|(_, sleeper)| *sleeper == id);
    let inner = task.inner(&mut queue);
    match inner.state {
        State::Blocked => !sleeps_until_a_moment,
        State::Runnable => halts_in_place && !inner.token,
        State::Ended => true,
    }
}
