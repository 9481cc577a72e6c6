//! R14: a task on one CPU, the interrupt handler of its device on another.

use kcore::machine::Cpu;
use kcore::settings::Lock;

use crate::fire;
use crate::irq::device;
use crate::machine::Kernel;

use super::counting;
use super::irq;
use super::trial::{Refusal, Trial};

/// The CPU that the device interrupts. The task is on CPU 0.
const OTHER: u32 = 1;

/// One round.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    fire::choose(match trial.resolved.lock {
        Lock::Spinlock | Lock::Irqsave => until_it_begins,
        _ => until_it_ends,
    });
    irq::interrupted(trial, handler, || OTHER)
}

fn handler() {
    if let Some(count) = counting::on_duty() {
        count.handle(|| {});
    }
}

/// Interrupts the other CPU and waits until its handler has begun: it is to wait for a lock that the caller has, so its end
/// cannot be waited for.
fn until_it_begins() {
    interrupt_and_wait(|count| count.begun());
}

/// Interrupts the other CPU and waits until its handler has ended: nothing is in its way.
fn until_it_ends() {
    interrupt_and_wait(|count| count.handled());
}

fn interrupt_and_wait(progress: fn(&counting::Count) -> u64) {
    let Some(count) = counting::on_duty() else { return };
    let before = progress(&count);
    device::fire_at(OTHER);
    while progress(&count) == before {
        Kernel::relax();
    }
}
