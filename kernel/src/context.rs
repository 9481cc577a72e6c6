//! In what the CPU runs, and what may not happen to it there: one count for each CPU (LKD ch. 7, 8 and 10;
//! Linux: `preempt_count`).
//!
//! ```text
//!   16 to 31    times that preemption was switched off
//!   6 to 15     times that softirqs were switched off
//!   5           a softirq runs
//!   1 to 4      interrupt handlers under way
//!   bit 0       set while there is NO need to schedule: so "may be preempted and has to be" is the one value 0
//! ```
//!
//! A guard of a lock can be forgotten, in safe code and in a loop. So what counts how often preemption is off
//! stands where the addition that is one too many sets the carry flag, and spoils no other count: a branch
//! that is never taken is the whole price. Softirqs are switched off less often, and there the count is
//! looked at first. A handler cannot be forgotten, and with interrupts off in it there is one at a time.
//!
//! The count belongs to the running task: the context switch keeps it on the stack of the task that is left.
//! A kernel without the feature `preempt` does not count its own critical sections: no task can lose its CPU
//! in one.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

#[cfg(feature = "lock-order")]
use kcore::event::{Actor, Class, LockStep};
pub use kcore::machine::Context;
#[cfg(feature = "lock-order")]
use kcore::machine::Sched;
use kcore::machine::{Cpu, CpuId};

use crate::arch::{cpu, percpu};
use crate::irq::softirq;
use crate::machine::Kernel;
#[cfg(feature = "lock-order")]
use crate::machine::ORDER;
use crate::task;

const NO_NEED: u32 = 1;
const HARDIRQ: u32 = 1 << 1;
const HARDIRQS: u32 = 0xf << 1;
const SOFTIRQ: u32 = 1 << 5;
const SOFTIRQS_OFF: u32 = 1 << 6;
const TIMES_SOFTIRQS_OFF: u32 = 0x3ff << 6;
const SOFTIRQS: u32 = SOFTIRQ | TIMES_SOFTIRQS_OFF;
const PREEMPTION: u32 = 1 << 16;
const TIMES_PREEMPTION_OFF: u32 = 0xffff << 16;

/// The count of a task that nothing keeps from losing its CPU.
pub const FREE: u32 = NO_NEED;
/// The count of an idle task, which gives its CPU away by itself.
pub const IDLE: u32 = NO_NEED | PREEMPTION;

/// The running task keeps the CPU, except against interrupts.
///
/// # Panics
/// When it was told so 65,535 times already, and not the reverse.
#[inline(always)]
pub fn preempt_disable() {
    if cfg!(feature = "preempt") && percpu::carry_count::<PREEMPTION>() {
        forgotten("preemption");
    }
}

/// What is off was switched off once more than can be counted. The count is wrong now, and is not asked any
/// more.
#[cold]
#[inline(never)]
fn forgotten(what: &str) -> ! {
    cpu::irq_save();
    percpu::set_count(IDLE);
    panic!("{what} is off more often than can be counted: guards of locks were forgotten");
}

/// The reverse. A task that waits for the CPU has it before this returns.
#[inline(always)]
pub fn preempt_enable() {
    if cfg!(feature = "preempt") && percpu::subtract_count::<PREEMPTION>() {
        preempt();
    }
}

#[cold]
fn preempt() {
    // With interrupts off the need stays until they are switched on: the next tick sees to it.
    if cpu::irq_are_on() {
        task::schedule::preempt();
    }
}

/// No softirq runs on this CPU, and no other task.
///
/// # Panics
/// When it was told so 1,023 times already, and not the reverse.
#[inline]
pub fn bh_disable() {
    let count = percpu::count();
    // The reverse needs room for one of the other, too.
    if full(count, TIMES_SOFTIRQS_OFF) || full(count, TIMES_PREEMPTION_OFF) {
        forgotten("what softirqs do");
    }
    percpu::add_count::<SOFTIRQS_OFF>();
}

/// Whether one of the counts in `count` is at its highest.
#[inline(always)]
fn full(count: u32, field: u32) -> bool {
    count & field == field
}

/// The reverse. Softirqs that were raised meanwhile run before this returns.
#[inline]
pub fn bh_enable() {
    // One instruction: from here on an interrupt that raises a softirq runs it, but no other task takes the
    // CPU yet. To look for raised ones first would miss those that are raised between the look and this.
    percpu::subtract_count::<{ SOFTIRQS_OFF.wrapping_sub(PREEMPTION) }>();
    if softirq::pending() {
        run_softirqs();
    }
    if percpu::subtract_count::<PREEMPTION>() && cfg!(feature = "preempt") {
        preempt();
    }
}

/// As if on the way out of an interrupt.
#[cold]
fn run_softirqs() {
    if !may_run_softirqs() {
        return;
    }
    if cpu::irq_save() {
        softirq::run();
        cpu::irq_on();
    } else {
        softirq::nudge();
    }
}

/// An interrupt handler begins. Interrupts are off.
#[inline]
pub(crate) fn irq_enter() {
    percpu::add_count::<HARDIRQ>();
    task::quiet::interrupted();
}

/// The handler is done, its interrupt acknowledged: now what it has raised is run, and a task that has waited
/// for the CPU gets it. Interrupts are off, and off again when this returns.
#[inline]
pub(crate) fn irq_exit() {
    percpu::subtract_count::<HARDIRQ>();
    if softirq::pending() && may_run_softirqs() {
        softirq::run();
    }
    if cfg!(feature = "preempt") && percpu::count() == 0 {
        task::schedule::preempt();
    }
}

/// Whether a softirq may run on this CPU: they are not switched off, and neither a handler nor a softirq is
/// under way.
#[inline]
pub(crate) fn may_run_softirqs() -> bool {
    percpu::count() & (HARDIRQS | SOFTIRQS) == 0
}

/// A softirq begins on this CPU.
#[inline]
pub(crate) fn softirq_enter() {
    percpu::add_count::<SOFTIRQ>();
}

/// It is done.
#[inline]
pub(crate) fn softirq_exit() {
    percpu::subtract_count::<SOFTIRQ>();
}

/// Does `work` in the running task as it would be done in a handler, or in a softirq: it must not sleep. It may
/// die in it as elsewhere.
pub(crate) fn pose(context: Context, work: impl FnOnce()) {
    let posed = &task::schedule::this_task().posed;
    match context {
        Context::Task => return work(),
        Context::Softirq => {
            posed.store(SOFTIRQ, Relaxed);
            percpu::add_count::<SOFTIRQ>();
            work();
            percpu::subtract_count::<SOFTIRQ>();
        }
        Context::Hardirq => {
            posed.store(HARDIRQ, Relaxed);
            percpu::add_count::<HARDIRQ>();
            work();
            percpu::subtract_count::<HARDIRQ>();
        }
    }
    posed.store(0, Relaxed);
}

/// Whether the caller does something as a handler or a softirq would, and is none.
pub(crate) fn is_posed() -> bool {
    task::schedule::this_task().posed.load(Relaxed) != 0 && !has_come()
}

/// Whether a handler or a softirq has come on top of the running task.
fn has_come() -> bool {
    let posed = task::schedule::this_task().posed.load(Relaxed);
    percpu::count().wrapping_sub(posed) & (HARDIRQS | SOFTIRQ) != 0
}

/// In what the caller runs.
#[inline]
pub fn current() -> Context {
    match percpu::count() {
        count if count & HARDIRQS != 0 => Context::Hardirq,
        count if count & SOFTIRQ != 0 => Context::Softirq,
        _ => Context::Task,
    }
}

/// How many handlers are under way on this CPU, one on top of the other; a softirq is one.
pub fn handlers() -> u32 {
    let count = percpu::count();
    (count & HARDIRQS) / HARDIRQ + u32::from(count & SOFTIRQ != 0)
}

/// Whether the caller is a handler or a softirq.
#[inline]
pub fn in_interrupt() -> bool {
    current() != Context::Task
}

/// Whether the caller may not sleep, as far as the count and the CPU's flags say.
#[inline]
pub fn is_atomic() -> bool {
    percpu::count() & !NO_NEED != 0 || !cpu::irq_are_on()
}

/// How often the running task has switched preemption or softirqs off: once for each spinlock that it has,
/// but for those that it took with interrupts off. [`None`] on top of a task, in a handler or a softirq.
pub(crate) fn depth() -> Option<u32> {
    (!in_interrupt() || is_posed()).then(depth_below)
}

/// [`depth`] of the running task and of what softirqs on top of it have switched off.
pub(crate) fn depth_below() -> u32 {
    let count = percpu::count();
    count / PREEMPTION + (count & TIMES_SOFTIRQS_OFF) / SOFTIRQS_OFF
}

/// Handlers that are under way on this CPU: 1, unless one was interrupted by another.
pub(crate) fn hardirqs() -> u32 {
    let posed = task::schedule::this_task().posed.load(Relaxed);
    (percpu::count().wrapping_sub(posed & HARDIRQS) & HARDIRQS) / HARDIRQ
}

/// The running task's time is over: it gives the CPU away as soon as it may.
#[inline]
pub(crate) fn need_to_schedule() {
    percpu::clear_in_count(NO_NEED);
}

/// Whether another task waits for the CPU of the running one, whose time is over.
#[inline]
pub fn is_over() -> bool {
    percpu::count() & NO_NEED == 0
}

/// Another task has the CPU now.
#[inline]
pub(crate) fn scheduled() {
    percpu::set_in_count(NO_NEED);
}

/// What the running task leaves behind when it gives the CPU away.
#[inline]
pub(crate) fn save() -> u32 {
    percpu::count() | NO_NEED
}

/// The task that left `count` behind has the CPU again, or for the first time.
#[inline]
pub(crate) fn restore(count: u32) {
    percpu::set_count(count);
}

/// The running task gives back none of the locks that it has, nor do the handlers on top of it: nothing is
/// taken under them any more.
pub(crate) fn leave_locks() {
    #[cfg(feature = "lock-order")]
    {
        let irqs_on = cpu::irq_save();
        ORDER.leaves(Kernel::cpu(), Kernel::task());
        cpu::irq_restore(irqs_on);
    }
}

impl Cpu for Kernel {
    type Flag = AtomicBool;
    type Word = AtomicUsize;

    #[inline]
    fn cpu() -> CpuId {
        CpuId(percpu::this_cpu())
    }

    #[inline]
    fn irq_save() -> bool {
        cpu::irq_save()
    }

    #[inline]
    fn irq_restore(were_on: bool) {
        cpu::irq_restore(were_on);
    }

    #[inline]
    fn relax() {
        cpu::pause();
    }

    #[inline]
    fn cycles() -> u64 {
        cpu::cycles()
    }

    #[inline(always)]
    fn preempt_disable() {
        self::preempt_disable();
    }

    #[inline(always)]
    fn preempt_enable() {
        self::preempt_enable();
    }

    #[inline]
    fn bh_disable() {
        self::bh_disable();
    }

    #[inline]
    fn bh_enable() {
        self::bh_enable();
    }

    #[inline]
    fn context() -> Context {
        current()
    }

    #[cfg(feature = "lock-order")]
    fn ordered(class: Class, step: LockStep, address: usize) {
        let Some(class) = class.described().filter(|_| percpu::is_installed()) else { return };
        let irqs_on = cpu::irq_save();
        let actor = Actor { task: Kernel::task(), context: current() };
        match step {
            LockStep::Acquired => ORDER.took(Self::cpu(), actor, irqs_on, class, address),
            LockStep::Release => ORDER.gives_back(Self::cpu(), actor, class, address),
            LockStep::Wait | LockStep::GaveUp | LockStep::Downgraded => {}
        }
        cpu::irq_restore(irqs_on);
    }
}
