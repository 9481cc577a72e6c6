//! Which task has the CPU: block, wake, yield, preempt, the idle loop, and the switch from one task to the
//! next.
//!
//! A CPU's lock is held across the context switch: the task that switches away leaves its guard on its own
//! stack, and the one that is switched to finds its own there and drops it. So a task that another CPU sees
//! as blocked or ended is really off its stack (I6).
//!
//! ```text
//! CPU 0: block()                          CPU 1: wake(task)
//!   lock queue 0
//!   no token: state = Blocked               lock queue 0   ... waits
//!   switch to the next task
//!   the next task unlocks queue 0
//!                                           state = Runnable, push, kick CPU 0 if it halts
//! ```

use core::sync::atomic::Ordering::Relaxed;

use kcore::event::{Events, Kinds, TaskStep, What};
use kcore::machine::TaskId;
use kcore::place::Place;

use crate::arch::{cpu, percpu, smp, switch};
use crate::context;
use crate::irq::timer;
use crate::machine::Kernel;
use crate::param::{IDLE_LOOKS, SLICE_MICROSECONDS};
use crate::time::{self, NEVER};

use super::queue::{QUEUES, QueueGuard, current, enqueue, may_look, set_current, unlock_and_kick};
use super::table::{self, State, Task};
use super::{doom, listener, quiet};

/// Tells of what the scheduler does, if that is wanted: under a run queue's lock, where it is locked.
#[inline(always)]
pub(super) fn says(step: TaskStep) {
    if Kernel::wanted().contains(Kinds::SCHEDULE) {
        tell(step);
    }
}

/// Of its own, so that what is told has no room in the frames of those who seldom do.
#[cold]
#[inline(never)]
fn tell(step: TaskStep) {
    Kernel::tell(What::Task(step), Place::caller());
}

/// This CPU's timer has interrupted it: a slice is over, sleepers wake up, or kernel timers are due.
pub(crate) fn tick() {
    listener::look(cpu::cycles());
    doom::end_by_force();
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    let now = cpu::cycles();
    queue.armed = 0;
    timer::raise_if_due(now);
    while let Some(due) = queue.sleepers.iter().position(|(moment, _)| *moment <= now) {
        let (_, id) = queue.sleepers.swap_remove(due);
        let task = table::find(id).expect("a task that sleeps is in the table");
        let inner = task.inner(&mut queue);
        if inner.state == State::Blocked {
            says(TaskStep::Woken(id));
            inner.state = State::Runnable;
            quiet::news_of(task);
            queue.ready.push_back(id).expect("the queue has room for every task there can be");
        }
    }
    let over = core::mem::take(&mut queue.over) || queue.slice_end <= now;
    if over && !queue.ready.is_empty() {
        context::need_to_schedule();
        queue.slice_end = end_of_slice(this_task(), now);
    }
    queue.arm();
}

/// When the slice of `task` ends that begins `now`.
#[inline]
fn end_of_slice(task: &Task, now: u64) -> u64 {
    if task.untimed.load(Relaxed) { NEVER } else { now + time::microseconds(SLICE_MICROSECONDS) }
}

/// Whether time ends the slices of the running task from now on, and of the tasks that it starts.
pub fn set_timed(timed: bool) {
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    let task = this_task();
    task.untimed.store(!timed, Relaxed);
    queue.slice_end = end_of_slice(task, cpu::cycles());
    queue.arm();
}

/// The running task's slice is over now, as if its time had come: this CPU's timer interrupts it at once.
pub fn end_slice() {
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    queue.over = true;
    // The timer's own interrupt may still come: then it is a tick too many.
    queue.armed = 0;
    drop(queue);
    smp::interrupt_self(crate::arch::traps::vector::TICK);
}

/// Sleeps until [`wake`], unless a wake-up is kept already.
pub fn block() {
    block_until(NEVER);
}

/// Sleeps until [`wake`] or until `moment`, in cycles, unless a wake-up is kept already.
pub fn block_until(moment: u64) {
    let task = this_task();
    doom::end_if_doomed(task);
    says(TaskStep::Block);
    if moment == NEVER
        && let Some(sleeps) = listener::SLEEPS.get()
        && !task.inner(&mut QueueGuard::lock(percpu::this_cpu())).token
    {
        sleeps();
    }
    sleep_until(task, moment);
    // The wake-up may have come before it was told that the task sleeps.
    if moment == NEVER
        && let Some(woken) = listener::WOKEN.get()
    {
        woken(task.id());
    }
}

/// [`block`] of a task that waits until it is let go on. It is not told: the task may be let go on in the
/// midst of this, and what is told from then on is what it does.
pub(crate) fn block_untold() {
    let task = this_task();
    doom::end_if_doomed(task);
    sleep_until(task, NEVER);
}

fn sleep_until(task: &Task, moment: u64) {
    let cpu = percpu::this_cpu();
    let mut queue = QueueGuard::lock(cpu);
    let inner = task.inner(&mut queue);
    if core::mem::take(&mut inner.token) {
        return;
    }
    inner.state = State::Blocked;
    if moment != NEVER {
        queue.sleepers.push((moment, task.id())).expect("each task sleeps once");
    }
    switch_away(queue);
    if moment != NEVER {
        QueueGuard::lock(cpu).sleepers.retain(|(_, id)| *id != task.id());
    }
    doom::end_if_doomed(task);
}

/// Makes `task` runnable, or keeps the wake-up for it. Does nothing for a task that has ended.
pub fn wake(id: TaskId) {
    if table::find(id).is_some() {
        says(TaskStep::Woken(id));
    }
    if wake_untold(id)
        && let Some(woken) = listener::WOKEN.get()
    {
        woken(id);
    }
}

/// [`wake`] for a task that waits [untold](block_untold): what the caller is at may be another's business by
/// now, as the task may have gone on before it was woken. Whether it has not ended.
pub(crate) fn wake_untold(id: TaskId) -> bool {
    let Some(task) = table::find(id) else { return false };
    let mut queue = QueueGuard::lock(task.cpu());
    if task.id() != id {
        return false;
    }
    let inner = task.inner(&mut queue);
    match inner.state {
        State::Blocked => {
            inner.state = State::Runnable;
            quiet::news_of(task);
            enqueue(queue, id);
        }
        State::Runnable => {
            inner.token = true;
            quiet::news_of(task);
            unlock_and_kick(queue);
        }
        State::Ended => return false,
    }
    true
}

/// Lets the other tasks of this CPU run first.
pub fn yield_now() {
    let queue = QueueGuard::lock(percpu::this_cpu());
    if queue.ready.is_empty() {
        drop(queue);
        // A caller that waits like this spins: let the other CPUs have the host's core (with `icount` they
        // all have one).
        cpu::pause();
    } else {
        give_way(queue);
    }
}

/// Lets the other tasks of this CPU run first if the running task's slice is over (Linux: `cond_resched`):
/// what a long loop calls where tasks do not lose their CPU by themselves.
pub fn cond_resched() {
    if context::is_over() && !context::is_atomic() {
        yield_now();
    }
}

/// Takes the CPU from the running task, whose slice is over: on the way out of an interrupt, or when it may
/// be preempted again.
pub(crate) fn preempt() {
    let queue = QueueGuard::lock(percpu::this_cpu());
    context::scheduled();
    if !queue.ready.is_empty() {
        give_way(queue);
    }
}

/// To the end of the queue.
#[inline]
fn give_way(mut queue: QueueGuard) {
    let me = current();
    if me != queue.idle {
        queue.ready.push_back(me).expect("the queue has room for every task there can be");
    }
    switch_away(queue);
}

/// Waits for [`wake`] without letting another task run on this CPU, which halts meanwhile: for a task that
/// holds a spinlock, whose place no other may take. Interrupts are on afterwards if they were on before; and
/// if they were not, the CPU hears meanwhile of wake-ups only: neither a device nor a softirq finds what the
/// task keeps from them.
pub fn halt_in_place() {
    doom::check();
    context::preempt_disable();
    let were_on = cpu::irq_save();
    if !were_on {
        context::bh_disable();
        quiet::deafen(true);
    }
    loop {
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        queue.in_place = !core::mem::take(&mut this_task().inner(&mut queue).token);
        if !queue.in_place {
            break;
        }
        queue.halted = true;
        drop(queue);
        quiet::halt();
        cpu::irq_save();
    }
    if !were_on {
        quiet::deafen(false);
        context::bh_enable();
    }
    cpu::irq_restore(were_on);
    context::preempt_enable();
    doom::check();
}

/// Ends the running task with `code`: it never runs again.
pub fn end(code: i32) -> ! {
    listener::ENDS.call();
    context::leave_locks();
    says(TaskStep::Ended);
    let mut queue = QueueGuard::lock(percpu::this_cpu());
    let task = this_task();
    task.code.store(code, Relaxed);
    let inner = task.inner(&mut queue);
    inner.state = State::Ended;
    let joiner = inner.joiner.take();
    // The task that waits for the end may use this task's slot and stack, so it is woken once they are left:
    // see `settle`.
    queue.farewell = joiner;
    switch_away(queue);
    unreachable!("a task that has ended was switched to");
}

/// The idle task of the calling CPU: runs each task that can run. After one it looks for a while for the
/// next, and then halts until there is one. Interrupts are off except between two looks, and while it halts.
pub fn idle() -> ! {
    let mut looks = 0;
    loop {
        cpu::irq_save();
        let mut queue = QueueGuard::lock(percpu::this_cpu());
        if !queue.ready.is_empty() {
            queue.halted = false;
            switch_away(queue);
            looks = 0;
            continue;
        }
        queue.arm();
        // A CPU that adds work sends an interrupt to one that halts, and to no other.
        let halts = looks == IDLE_LOOKS || !may_look();
        queue.halted = halts;
        drop(queue);
        if halts {
            quiet::halt();
        } else {
            looks += 1;
            cpu::irq_on();
            cpu::pause();
        }
    }
}

/// Unlocks the queue that the switch to a new task left locked. `count` is what the task begins with.
///
/// # Safety
/// Called once by a new task, first of all, with interrupts off.
pub unsafe fn finish_first_switch(count: u32) {
    let cpu = percpu::this_cpu();
    context::restore(count);
    // SAFETY: `switch_away` locked it and left its guard on the stack of the task that it switched from,
    // which drops it for its own next acquisition: each side of a switch unlocks what the other locked.
    unsafe { QUEUES[cpu as usize].force_unlock() };
    settle(QueueGuard::lock(cpu));
}

/// The end of every switch: unlocks the queue and tells the task that waited for the end of the one that was
/// left.
#[inline]
fn settle(mut queue: QueueGuard) {
    let joiner = queue.farewell.take();
    drop(queue);
    if let Some(joiner) = joiner {
        wake(joiner);
    }
}

/// The running task.
#[inline]
pub(crate) fn this_task() -> &'static Task {
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
    let now = cpu::cycles();
    from.run_time.store(from.run_time.load(Relaxed) + now.saturating_sub(queue.since), Relaxed);
    queue.since = now;
    queue.slice_end = end_of_slice(to, now);
    queue.arm();
    says(TaskStep::Switched(next));
    // SAFETY: the switch to it comes now, with interrupts off.
    unsafe { set_current(queue.cpu(), next) };
    let count = context::save();
    // SAFETY: `load` was saved by a switch or prepared for a new task, and is used once, since the task
    // leaves the queue now. Interrupts are off, and the cell is in a static. The queue stays locked until the
    // other side unlocks it.
    unsafe { switch::switch(from.stack_pointer_cell(), load) };
    context::restore(count);
    // Switched back to, on the same CPU: the task that did it had locked the queue, and `queue` unlocks it.
    settle(queue);
}
