//! When a run has come to a stop: none of its tasks will ever go on.
//!
//! What could wake a task of a run? Another task of the run; or a handler, a softirq, a timer that it has set
//! going. Nothing else: what its tasks wait for is the experiment's own, and no other task of the machine
//! knows of it (I21). So whatever other jobs do, sleep for, or read: if all tasks of the run sleep until they
//! are woken, and nothing of theirs is on its way, then nothing will ever happen in it again.
//!
//! That is looked at when the last CPU halts, and else now and then by the watchdog's patrol: jobs may keep
//! the CPUs busy.

use core::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use super::{listener, queue, table};
use crate::arch::traps::vector;
use crate::arch::{cpu, percpu, smp};
use crate::irq::under_way;
use crate::param::MAX_CPUS;

/// CPUs that do something. The first one does from the start.
static BUSY: AtomicU32 = AtomicU32::new(1);
/// Which CPUs halt.
static HALTS: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// Which CPUs halt without hearing of devices and softirqs. Written by that CPU.
static DEAF: [AtomicBool; MAX_CPUS] = [const { AtomicBool::new(false) }; MAX_CPUS];
/// Counts up when something was set going from which a task of a run may hear.
static NEWS: AtomicU32 = AtomicU32::new(0);

/// A CPU is about to report itself, and is busy.
pub fn arrive() {
    BUSY.fetch_add(1, SeqCst);
}

/// Whether devices and softirqs find this CPU deaf while it [halts](halt): for a task that has interrupts
/// off.
pub(super) fn deafen(deaf: bool) {
    cpu::set_priority(if deaf { vector::DEVICES } else { 0 });
    DEAF[percpu::this_cpu() as usize].store(deaf, SeqCst);
}

/// Halts the CPU until an interrupt has been handled. Interrupts are off, and on afterwards. May return for
/// no reason.
pub(super) fn halt() {
    HALTS[percpu::this_cpu() as usize].store(true, SeqCst);
    let last = BUSY.fetch_sub(1, SeqCst) == 1;
    if last && listener::ALL_HALT.get().is_some_and(|all_halt| all_halt()) {
        // It has made a task runnable.
        awake();
        cpu::irq_on();
        return;
    }
    cpu::irq_on_and_halt();
    // A non-maskable interrupt ends a halt, too, and does not come through `interrupted`.
    awake();
}

/// An interrupt handler begins: the CPU is busy.
#[inline]
pub(crate) fn interrupted() {
    awake();
}

fn awake() {
    if HALTS[percpu::this_cpu() as usize].swap(false, SeqCst) {
        BUSY.fetch_add(1, SeqCst);
    }
}

/// An interrupt of the device, a softirq or a timer was set going. Said after it was, and before the caller
/// is done.
pub(crate) fn news() {
    NEWS.fetch_add(1, SeqCst);
}

/// `task` was woken: said as [`news`], if it is of a run.
#[inline]
pub(super) fn news_of(task: &table::Task) {
    if task.of_run.load(Relaxed) {
        news();
    }
}

/// Whether no task of the run under way can go on any more, of which there is one.
pub(crate) fn has_come_to_a_stop() -> bool {
    let before = NEWS.load(SeqCst);
    let asleep = table::of_run().all(queue::is_still);
    // What a CPU does not hear of wakes no task there.
    let still = |cpu: u32| DEAF[cpu as usize].load(SeqCst) || under_way::is_at_rest(cpu);
    // What was looked at one after the other is true of one moment only if there were no news meanwhile.
    asleep && (0..smp::cpus()).all(still) && NEWS.load(SeqCst) == before
}
