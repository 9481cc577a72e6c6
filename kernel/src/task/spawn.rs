//! Starting tasks and waiting for their end.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::event::TaskStep;
use kcore::machine::TaskId;

use crate::arch::{cpu, percpu, smp, switch};
use crate::context;
use crate::mm::stacks;

use super::queue::{self, QueueGuard};
use super::table::{self, Entry, State, Task};
use super::{doom, schedule};

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

/// A task that can be waited for. Dropping it without [`join`](JoinHandle::join) keeps the task's slot for
/// ever.
#[derive(Debug)]
#[must_use = "a task that is not joined keeps its slot"]
pub struct JoinHandle {
    id: TaskId,
}

/// What a task ends with, as a number: 0 for all is well, else a negative error number.
pub trait ExitCode {
    /// The number.
    fn code(self) -> i32;
}

impl ExitCode for () {
    fn code(self) -> i32 {
        0
    }
}

impl ExitCode for i32 {
    fn code(self) -> i32 {
        self
    }
}

impl ExitCode for Result<(), Errno> {
    fn code(self) -> i32 {
        self.map_or_else(Errno::code, |()| 0)
    }
}

/// Starts `body` as a task called `name` on the CPU that has the fewest tasks.
pub fn spawn_anywhere<R: ExitCode>(
    name: &str,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<JoinHandle, SpawnError> {
    spawn(name, least_busy_cpu(), body)
}

/// The CPU that has the fewest tasks.
pub fn least_busy_cpu() -> u32 {
    let tasks_of = |cpu: &u32| table::all().filter(|task| task.cpu() == *cpu).count();
    (0..smp::cpus()).min_by_key(tasks_of).expect("there is one CPU at least")
}

/// Starts `body` as a task called `name` on CPU `cpu`. It is of the caller's run, if that is of one, and its
/// slices are like the caller's.
pub fn spawn<R: ExitCode>(
    name: &str,
    cpu: u32,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<JoinHandle, SpawnError> {
    start(name, cpu, entry(body), false)
}

/// [`spawn`] for a task that may die alone: an exception or a panic in it ends it with `-EFAULT`, and the
/// machine goes on ([`oops`](crate::oops)). What it owns on the heap stays allocated for ever, and what it
/// has locked stays locked.
pub fn spawn_mortal<R: ExitCode>(
    name: &str,
    cpu: u32,
    body: impl FnOnce() -> R + Send + 'static,
) -> Result<JoinHandle, SpawnError> {
    start(name, cpu, entry(body), true)
}

/// Made before any lock is taken: to allocate takes the heap's.
fn entry<R: ExitCode>(body: impl FnOnce() -> R + Send + 'static) -> Entry {
    let mut body = Some(body);
    Box::new(move || body.take().map_or(0, |body| body().code()))
}

fn start(name: &str, cpu: u32, entry: Entry, mortal: bool) -> Result<JoinHandle, SpawnError> {
    if cpu >= smp::cpus() {
        return Err(SpawnError::NoSuchCpu);
    }
    let (id, task) = create(name, cpu)?;
    task.mortal.store(mortal, Relaxed);
    let parent = schedule::this_task();
    task.of_run.store(parent.of_run.load(Relaxed), Relaxed);
    task.untimed.store(parent.untimed.load(Relaxed), Relaxed);
    task.parent.store(queue::current().0, Relaxed);
    let mut queue = QueueGuard::lock(cpu);
    // SAFETY: `create` gave it a stack that no task uses: a task that had it was joined, which waits until it
    // is left.
    let stack_pointer = unsafe { switch::prepare(task.stack_top(), first) };
    let inner = task.inner(&mut queue);
    inner.stack_pointer = stack_pointer;
    inner.entry = Some(entry);
    schedule::says(TaskStep::Spawned(id));
    queue::enqueue(queue, id);
    Ok(JoinHandle { id })
}

/// Claims a slot with a stack.
fn create(name: &str, cpu: u32) -> Result<(TaskId, &'static Task), SpawnError> {
    let stack = stacks::task_stack().map_err(|_| SpawnError::NoMemory)?;
    let Some((id, task)) = table::claim(name, cpu) else {
        stacks::keep(stack);
        return Err(SpawnError::TooMany);
    };
    task.give_stack(stack);
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
    task.adopt_stack();
    task.inner(&mut QueueGuard::lock(0)).state = State::Runnable;
    // SAFETY: this code is the task from now on, on the CPU that it is claimed for.
    unsafe { queue::set_current(0, id) };
    Ok(())
}

/// Creates the idle task of the first CPU, which halts when nothing else can run.
pub fn idle_of_first_cpu() -> Result<(), SpawnError> {
    let (id, task) = create("idle", 0)?;
    let mut queue = QueueGuard::lock(0);
    // SAFETY: a new task's own stack.
    task.inner(&mut queue).stack_pointer = unsafe { switch::prepare(task.stack_top(), first_idle) };
    drop(queue);
    queue::set_idle(0, id);
    Ok(())
}

/// The stack of the idle task of a CPU that is about to start.
#[derive(Debug)]
pub struct IdleStack {
    /// INVARIANT: the top of a mapped stack that belongs to the idle task of that CPU, which does not run
    /// yet.
    top: u64,
}

impl IdleStack {
    /// Its top.
    pub fn top(&self) -> u64 {
        self.top
    }
}

/// Creates the idle task of a CPU that is about to start on its stack.
pub fn idle_of(cpu: u32) -> Result<IdleStack, SpawnError> {
    let (id, task) = create("idle", cpu)?;
    queue::set_idle(cpu, id);
    // SAFETY: the CPU does not run yet, and when it does it is on the stack of this task.
    unsafe { queue::set_current(cpu, id) };
    Ok(IdleStack { top: task.stack_top() })
}

impl JoinHandle {
    /// Whose end it waits for.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Another than the task that has started it will join it: its starter may end before it.
    pub fn orphaned(self) -> Self {
        if let Some(task) = table::find(self.id) {
            task.parent.store(0, Relaxed);
        }
        self
    }

    /// Asks the task to end by itself, wakes it, and waits until it has (Linux: `kthread_stop`).
    pub fn stop(self) -> i32 {
        if let Some(task) = table::find(self.id) {
            task.should_stop.store(true, Relaxed);
            schedule::wake(self.id);
        }
        self.join()
    }

    /// What the task ended with, if it has; its slot is free then. If not, the caller is woken when it does,
    /// and asks again: so it can wait for several tasks, or for a signal as well.
    pub fn try_join(self) -> Result<i32, Self> {
        let task = table::find(self.id).expect("a task that was not joined keeps its slot");
        let mut queue = QueueGuard::lock(task.cpu());
        let inner = task.inner(&mut queue);
        if inner.state == State::Ended {
            drop(queue);
            return Ok(self.join());
        }
        inner.joiner = Some(queue::current());
        Err(self)
    }

    /// Waits until the task has ended, frees its slot, and returns what it ended with.
    pub fn join(self) -> i32 {
        self.wait();
        let task = table::find(self.id).expect("a task that was not joined keeps its slot");
        let mut queue = QueueGuard::lock(task.cpu());
        let code = task.code.load(Relaxed);
        let entry = task.inner(&mut queue).entry.take();
        task.release(&mut queue);
        // In this order: to free takes the heap's lock.
        drop(queue);
        drop(entry);
        code
    }

    /// Waits until the task has ended. Its slot and its stack stay.
    fn wait(&self) {
        let task = table::find(self.id).expect("a task that was not joined keeps its slot");
        loop {
            let mut queue = QueueGuard::lock(task.cpu());
            let inner = task.inner(&mut queue);
            if inner.state == State::Ended {
                return;
            }
            inner.joiner = Some(queue::current());
            drop(queue);
            schedule::block();
        }
    }
}

/// Gives up the tasks that the running one has started and not joined, and joins them: of a task that is
/// dead, whose frames have the handles, and what it has lent to those tasks.
pub(crate) fn give_up_children() {
    let me = queue::current().0;
    let children = || table::all().filter(|task| task.parent.load(Relaxed) == me).map(Task::id);
    for child in children() {
        if let Some(task) = table::find(child) {
            task.should_stop.store(true, Relaxed);
        }
        doom::doom(child);
    }
    for id in children() {
        JoinHandle { id }.join();
    }
}

/// Waits until all of them have ended, and then frees their slots. No stack goes before: one that was given
/// up may have left a node on its own in the queue of a lock that the others still use (I17).
pub fn join_all(tasks: impl AsRef<[JoinHandle]> + IntoIterator<Item = JoinHandle>) {
    tasks.as_ref().iter().for_each(JoinHandle::wait);
    for task in tasks {
        task.join();
    }
}

/// Whether another task asks the running task to end (Linux: `kthread_should_stop`).
pub fn should_stop() -> bool {
    schedule::this_task().should_stop.load(Relaxed)
}

/// Where a new task begins.
extern "C" fn first() -> ! {
    // SAFETY: this is the first thing that a new task does; interrupts are off since the switch.
    unsafe { schedule::finish_first_switch(context::FREE) };
    schedule::says(TaskStep::Begun);
    let entry: *mut (dyn FnMut() -> i32 + Send) = {
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        let entry = schedule::this_task().inner(&mut queue).entry.as_mut();
        &raw mut **entry.expect("a task has an entry until it is joined")
    };
    cpu::irq_on();
    // SAFETY: it stays where it is until the task has ended, and no other task touches it.
    let code = unsafe { (*entry)() };
    schedule::end(code)
}

/// Where the idle task of the first CPU begins.
extern "C" fn first_idle() -> ! {
    // SAFETY: as above.
    unsafe { schedule::finish_first_switch(context::IDLE) };
    schedule::idle()
}
