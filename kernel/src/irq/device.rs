//! The machine's own device: it interrupts when it is told to, and does nothing else.
//!
//! Its interrupt is a real one, sent through the APIC. It is taken at once where interrupts are on, else when
//! they come on. As with every edge-triggered interrupt, those that come to a CPU before it has taken the
//! first one are one.

use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

use crate::arch::{cpu, percpu, smp};
use crate::atomic_fn::AtomicFn;
use crate::param::MAX_CPUS;
use crate::task::quiet;

/// What handles the interrupt.
static HANDLER: AtomicFn = AtomicFn::none();
/// An interrupt was sent to this CPU, and its handler has not begun.
static SENT: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// The handler of this CPU runs.
static RUNS: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// Interrupts that came while another one of their CPU had not been taken.
static MERGED: AtomicU64 = AtomicU64::new(0);

/// `handler` handles the interrupt from now on, on whichever CPU it comes (Linux: `request_irq`). It must not
/// sleep.
pub fn open(handler: fn()) {
    HANDLER.set(handler);
}

/// It has no handler any more (Linux: `free_irq`). A handler that has begun on another CPU may still run: see
/// [`in_flight`] for those that have not.
pub fn close() {
    HANDLER.clear();
}

/// Interrupts the calling CPU. Where its interrupts are on the handler, and the softirqs that it raised, are
/// done when this returns.
#[inline(never)]
pub fn fire() {
    let this = percpu::this_cpu();
    fire_at(this);
    if cpu::irq_are_on() {
        // The handler is ours to run, so this is no wait for another CPU: the APIC needs an instruction or
        // two.
        while SENT[this as usize].load(SeqCst) {
            cpu::pause();
        }
    }
}

/// Interrupts `cpu`, and does not wait for its handler.
pub fn fire_at(cpu: u32) {
    // Pairs with the swap in `interrupt`: what the caller stored before is visible to the handler, also to
    // the handler of an earlier interrupt that stands for this one, too.
    if SENT[cpu as usize].swap(true, SeqCst) {
        MERGED.fetch_add(1, Relaxed);
    } else {
        quiet::news();
        smp::interrupt_as_device(cpu);
    }
}

/// How many interrupts were sent and are not taken yet.
pub fn in_flight() -> u32 {
    SENT.iter().filter(|sent| sent.load(SeqCst)).count() as u32
}

/// Whether an interrupt was sent to `cpu` whose handler has not ended.
pub(crate) fn is_pending(cpu: u32) -> bool {
    SENT[cpu as usize].load(SeqCst) || runs_on(cpu)
}

/// Whether the handler runs on `cpu`.
pub(crate) fn runs_on(cpu: u32) -> bool {
    RUNS[cpu as usize].load(SeqCst)
}

/// The handler that runs on this CPU, if one does, will not go on.
pub(super) fn abandoned() {
    RUNS[percpu::this_cpu() as usize].store(false, SeqCst);
}

/// How many interrupts were one with an earlier one.
pub fn merged() -> u64 {
    MERGED.load(Relaxed)
}

/// The handler of the device's vector.
#[inline]
pub(crate) fn interrupt() {
    let this = percpu::this_cpu() as usize;
    // In this order: between the two the interrupt is still to be seen.
    RUNS[this].store(true, SeqCst);
    SENT[this].swap(false, SeqCst);
    HANDLER.call();
    RUNS[this].store(false, SeqCst);
}
