//! Softirqs: what an interrupt handler leaves for later, run on the way out of the interrupt with interrupts on (LKD
//! ch. 8).
//!
//! A softirq runs on the CPU that raised it; the same one may run on several CPUs at once. On one CPU they do not
//! interrupt each other.

use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

use crate::arch::{cpu, percpu};
use crate::context;
use crate::param::MAX_CPUS;

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

/// How often raised softirqs are run anew before the rest has to wait for the next interrupt (Linux:
/// `MAX_SOFTIRQ_RESTART`): else one that raises itself would keep the CPU for ever.
const BUDGET: u32 = 10;

/// What is raised on each CPU; bit n is softirq n. Written by that CPU.
static PENDING: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// What each does: a `fn()`, or null.
static ACTION: [AtomicPtr<()>; SOFTIRQS] = [const { AtomicPtr::new(core::ptr::null_mut()) }; SOFTIRQS];

/// Says what `softirq` does (Linux: `open_softirq`). It must not sleep.
pub fn open(softirq: Softirq, action: fn()) {
    ACTION[softirq as usize].store(action as *mut (), Relaxed);
}

/// `softirq` is to run on this CPU, on the way out of the next interrupt or when softirqs are switched on again.
pub fn raise(softirq: Softirq) {
    let were_on = cpu::irq_save();
    let pending = &PENDING[percpu::this_cpu() as usize];
    pending.store(pending.load(Relaxed) | 1 << softirq as u32, Relaxed);
    cpu::irq_restore(were_on);
}

/// Whether any is raised on this CPU.
pub(crate) fn pending() -> bool {
    PENDING[percpu::this_cpu() as usize].load(Relaxed) != 0
}

/// Runs what is raised on this CPU. Interrupts are on; the caller keeps the CPU.
pub(crate) fn run() {
    context::softirq_enter();
    for _ in 0..BUDGET {
        let were_on = cpu::irq_save();
        let raised = PENDING[percpu::this_cpu() as usize].swap(0, Relaxed);
        cpu::irq_restore(were_on);
        if raised == 0 {
            break;
        }
        (0..SOFTIRQS).filter(|softirq| raised & 1 << softirq != 0).for_each(act);
    }
    context::softirq_exit();
}

fn act(softirq: usize) {
    let action = ACTION[softirq].load(Relaxed);
    if !action.is_null() {
        // SAFETY: `open` alone stores there, and stores a `fn()`.
        let action = unsafe { core::mem::transmute::<*mut (), fn()>(action) };
        action();
    }
}
