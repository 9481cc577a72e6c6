//! R14: a task on one CPU, the interrupt handler of its device on another.

use kcore::event::Events;
use kcore::experiment::Refusal;
use kcore::machine::Cpu;
use kcore::settings::Form;

use crate::irq::device;
use crate::machine::Kernel;
use crate::observe::participant;

use super::Stage;
use super::counting::{self, Count};
use super::irq;

/// The CPU that the device interrupts. The task is on CPU 0.
const OTHER: u32 = 1;

/// One round.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    participant::interrupt_by(match stage.resolved.lock {
        Form::Spinlock | Form::Irqsave => until_it_begins,
        _ => until_it_ends,
    });
    irq::interrupted(stage, || counting::count(), || OTHER)
}

/// Interrupts the other CPU and waits until its handler is on its way. It is to wait for a lock that the
/// caller has, so its end cannot be waited for; nor its begin, where an earlier one still waits.
fn until_it_begins() {
    interrupt_until(|count, (begun, _)| count.begun() > begun || count.begun() > count.handled());
}

/// Interrupts the other CPU and waits until its handler has ended: nothing is in its way.
fn until_it_ends() {
    interrupt_until(|count, (_, handled)| count.handled() > handled);
}

fn interrupt_until(is_enough: fn(&Count, (u64, u64)) -> bool) {
    let Some(count) = counting::on_duty() else { return };
    let before = (count.begun(), count.handled());
    device::fire_at(OTHER);
    while !is_enough(&count, before) {
        Kernel::spinning();
        Kernel::relax();
    }
}
