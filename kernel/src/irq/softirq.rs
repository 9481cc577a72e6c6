//! Softirqs: what an interrupt handler leaves for later, run on the way out of the interrupt with interrupts
//! on (LKD ch. 8).
//!
//! A softirq runs on the CPU that raised it; the same one may run on several CPUs at once. On one CPU they do
//! not interrupt each other.
//!
//! ```text
//!   raise, in a handler             run by irq_exit of that interrupt
//!   raise, softirqs off             run by the bh_enable that switches them on
//!   raise, in a softirq             run by the loop that runs that softirq
//!   raise, in a task                the CPU interrupts itself, and irq_exit runs it
//!   still raised after the budget   run by ksoftirqd, a task like any other
//! ```

use core::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use kcore::event::IrqStep;
use kcore::machine::TaskId;

use super::under_way::says;
use super::{device, tasklet, timer};
use crate::arch::traps::vector;
use crate::arch::{cpu, percpu, smp};
use crate::atomic_fn::AtomicFn;
use crate::context::{self, Context};
use crate::param::MAX_CPUS;
use crate::task::{self, SpawnError, quiet};

/// The softirqs, in the order of their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Softirq {
    /// Kernel timers.
    Timer,
    /// Tasklets.
    Tasklet,
    /// The softirq of an experiment.
    Experiment,
}

/// How many there are.
const SOFTIRQS: usize = 3;

/// How often raised softirqs are run anew before the rest is left to a task (Linux: `MAX_SOFTIRQ_RESTART`):
/// else one that raises itself would keep the CPU for ever.
const BUDGET: u32 = 10;

/// What is raised on each CPU; bit n is softirq n. Written by that CPU.
static PENDING: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
/// What the loop under way on each CPU has taken from `PENDING` and not begun. Written by that CPU.
static TAKEN: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
/// Softirqs run on this CPU: what is taken, or about to be, is not in `PENDING`. Written by that CPU.
static RUNS: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// The CPU has sent itself an interrupt and not taken it: on its way out softirqs will run. Written by that
/// CPU, with interrupts off.
static NUDGED: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// Each CPU's `ksoftirqd`; 0 before it is started. Written once.
static DAEMON: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// What each does.
static ACTION: [AtomicFn; SOFTIRQS] = [const { AtomicFn::none() }; SOFTIRQS];

/// Says what `softirq` does (Linux: `open_softirq`). It must not sleep.
pub fn open(softirq: Softirq, action: fn()) {
    ACTION[softirq as usize].set(action);
}

/// `softirq` is to run on this CPU: on the way out of the interrupt that is under way, when softirqs are
/// switched on again, or else as soon as interrupts are on.
#[inline]
pub fn raise(softirq: Softirq) {
    let were_on = cpu::irq_save();
    let pending = &PENDING[percpu::this_cpu() as usize];
    pending.store(pending.load(Relaxed) | 1 << softirq as u32, Relaxed);
    quiet::news();
    if context::may_run_softirqs() {
        nudge();
    }
    cpu::irq_restore(were_on);
}

/// Sees to it that raised softirqs run when interrupts come on. No code of this CPU is about to look at them.
/// Interrupts are off.
#[inline]
pub(crate) fn nudge() {
    let nudged = &NUDGED[percpu::this_cpu() as usize];
    // No test-and-set: this CPU alone writes it, and nothing interrupts it here.
    if !nudged.load(Relaxed) {
        nudged.store(true, Relaxed);
        smp::interrupt_self(vector::SOFTIRQ);
    }
}

/// The interrupt of [`nudge`]; its way out does the work.
#[inline]
pub(crate) fn nudged() {
    NUDGED[percpu::this_cpu() as usize].store(false, Relaxed);
}

/// Whether any runs on `cpu`, or is to.
pub(crate) fn is_pending(cpu: u32) -> bool {
    PENDING[cpu as usize].load(SeqCst) != 0 || runs_on(cpu)
}

/// Whether any runs on `cpu`.
pub(super) fn runs_on(cpu: u32) -> bool {
    RUNS[cpu as usize].load(SeqCst)
}

/// Whether any is raised on this CPU.
#[inline]
pub(crate) fn pending() -> bool {
    PENDING[percpu::this_cpu() as usize].load(Relaxed) != 0
}

/// Runs what is raised on this CPU, and leaves to its `ksoftirqd` what is raised again too often. Interrupts
/// are off, and off again when this returns; they are on while a softirq runs.
#[inline(never)]
pub(crate) fn run() {
    let this = percpu::this_cpu() as usize;
    context::softirq_enter();
    RUNS[this].store(true, SeqCst);
    for _ in 0..BUDGET {
        TAKEN[this].store(PENDING[this].swap(0, Relaxed), Relaxed);
        if TAKEN[this].load(Relaxed) == 0 {
            break;
        }
        cpu::irq_on();
        (0..SOFTIRQS).for_each(act);
        cpu::irq_save();
    }
    RUNS[this].store(false, SeqCst);
    context::softirq_exit();
    if pending() {
        task::wake(TaskId(DAEMON[this].load(Relaxed)));
    }
}

/// Runs `softirq` if it was taken.
fn act(softirq: usize) {
    let taken = &TAKEN[percpu::this_cpu() as usize];
    let bit = 1 << softirq;
    if taken.load(Relaxed) & bit == 0 {
        return;
    }
    taken.store(taken.load(Relaxed) & !bit, Relaxed);
    says(IrqStep::Enter(Context::Softirq, softirq as u8));
    ACTION[softirq].call();
    says(IrqStep::Exit(Context::Softirq, softirq as u8));
}

/// Whatever runs on this CPU on top of a task is given up with the task: the softirqs that had not begun are
/// raised anew. Called with interrupts off, when the CPU's count is that of a task again.
pub(crate) fn abandoned() {
    let this = percpu::this_cpu() as usize;
    let rest = TAKEN[this].swap(0, Relaxed) | PENDING[this].load(Relaxed);
    PENDING[this].store(rest, Relaxed);
    RUNS[this].store(false, SeqCst);
    device::abandoned();
    tasklet::abandoned();
    timer::abandoned();
    if pending() {
        nudge();
    }
}

/// Opens the softirqs of the kernel itself and starts a `ksoftirqd` on each CPU. Called once, when all CPUs
/// run.
pub fn init() -> Result<(), SpawnError> {
    open(Softirq::Timer, timer::run);
    open(Softirq::Tasklet, tasklet::run);
    for cpu in 0..smp::cpus() {
        // It never ends, so no task joins it.
        let daemon = task::spawn("ksoftirqd", cpu, daemon)?;
        DAEMON[cpu as usize].store(daemon.id().0, Relaxed);
    }
    Ok(())
}

/// Runs what is left over, in turn with the other tasks of its CPU.
fn daemon() {
    loop {
        let were_on = cpu::irq_save();
        let work = pending();
        if work {
            run();
        }
        cpu::irq_restore(were_on);
        match work {
            true => task::yield_now(),
            false => task::block(),
        }
    }
}
