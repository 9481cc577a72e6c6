//! When nothing can run any more: noticed by the last CPU that halts, without a clock.
//!
//! A CPU is busy unless it halts, and an interrupt makes it busy. What comes by itself later on is known: sleeps and kernel
//! timers stand in lists, and an interrupt that the machine's own device has sent and nobody has handled is counted. And
//! people may type, if somebody listens. So
//! if the last CPU halts, all queues are empty, and nothing is to come, then nothing will ever happen again.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use super::queue;
use crate::arch::traps::vector;
use crate::arch::{cpu, percpu, smp};
use crate::console::com1;
use crate::irq::{device, softirq, timer};
use crate::param::MAX_CPUS;
use crate::watchdog;

/// CPUs that do something. The first one does from the start.
static BUSY: AtomicU32 = AtomicU32::new(1);
/// Counts up when a CPU goes on that has halted.
static AWAKENINGS: AtomicU32 = AtomicU32::new(0);
/// Which CPUs halt.
static HALTS: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// Which CPUs halt without hearing of devices and softirqs. Written by that CPU.
static DEAF: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];

/// A CPU is about to report itself, and is busy.
pub fn arrive() {
    BUSY.fetch_add(1, SeqCst);
}

/// Whether devices and softirqs find this CPU deaf while it [halts](halt): for a task that has interrupts off.
pub(super) fn deafen(deaf: bool) {
    cpu::set_priority(if deaf { vector::DEVICES } else { 0 });
    DEAF[percpu::this_cpu() as usize].store(deaf, SeqCst);
}

/// Halts the CPU until an interrupt has been handled. Interrupts are off, and on afterwards. May return for no reason.
pub(super) fn halt() {
    HALTS[percpu::this_cpu() as usize].store(true, SeqCst);
    let before = AWAKENINGS.load(SeqCst);
    let last = BUSY.fetch_sub(1, SeqCst) == 1;
    // What was looked at one after the other is true of one moment only if no CPU went on meanwhile.
    let quiet = last && nothing_to_come() && AWAKENINGS.load(SeqCst) == before;
    if quiet && watchdog::nothing_runs() {
        // It has made somebody runnable.
        awake();
        cpu::irq_on();
        return;
    }
    cpu::irq_on_and_halt();
    // A non-maskable interrupt ends a halt, too, and tells nobody.
    awake();
}

/// An interrupt handler begins: the CPU is busy.
#[inline]
pub(crate) fn interrupted() {
    awake();
}

fn awake() {
    if HALTS[percpu::this_cpu() as usize].swap(false, SeqCst) {
        // In this order: a CPU that halts as the last one before the first of the two sees the second.
        BUSY.fetch_add(1, SeqCst);
        AWAKENINGS.fetch_add(1, SeqCst);
    }
}

fn nothing_to_come() -> bool {
    // What a CPU does not hear of wakes nobody there.
    let hears = |cpu| device::in_flight_to(cpu) || softirq::in_flight(cpu);
    let is_deaf = |cpu: u32| DEAF[cpu as usize].load(SeqCst);
    let still = |cpu| queue::is_still(cpu) && !timer::is_pending(cpu) && (is_deaf(cpu) || !hears(cpu));
    !com1::expects_input() && (0..smp::cpus()).all(still)
}
