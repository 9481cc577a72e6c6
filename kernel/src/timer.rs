//! Kernel timers: a function that a softirq calls at a moment (LDD3 ch. 7, "Kernel Timers"; LKD ch. 11).

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::percpu;
use crate::param::MAX_CPUS;
use crate::softirq::{self, Softirq};
use crate::time::NEVER;

/// The next moment at which each CPU has a timer to run. Written by that CPU, interrupts off.
static NEXT: [AtomicU64; MAX_CPUS] = [const { AtomicU64::new(NEVER) }; MAX_CPUS];

/// The next moment at which the calling CPU has a timer to run.
pub(crate) fn next() -> u64 {
    NEXT[percpu::this_cpu() as usize].load(Relaxed)
}

/// Whether `cpu` has a timer that will run.
pub(crate) fn is_pending(cpu: u32) -> bool {
    NEXT[cpu as usize].load(Relaxed) != NEVER
}

/// Raises the softirq if a timer of the calling CPU is due.
pub(crate) fn raise_if_due(now: u64) {
    if next() <= now {
        NEXT[percpu::this_cpu() as usize].store(NEVER, Relaxed);
        softirq::raise(Softirq::Timer);
    }
}
