//! R14, R25: a task and the interrupt handler of its device, on the same CPU or on another; or the softirq
//! that it raises.

use kcore::event::Events;
use kcore::experiment::Refusal;
use kcore::machine::Cpu;
use kcore::probe::Plan;
use kcore::settings::Form;

use crate::arch::percpu;
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::machine::Kernel;
use crate::observe::{explorer, participant};

use super::Stage;
use super::counting::{self, Count};

/// One round: the device interrupts the task's own CPU.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    participant::interrupt_by(device::fire);
    interrupted(stage, || counting::count(), percpu::this_cpu)
}

/// One round: the task adds 1 to the counter, `quanta` times, while the device interrupts, and `handler`
/// handles it. Without points to interrupt at the device does so at CPU `target()` as each increment begins.
pub(super) fn interrupted(stage: &mut Stage<'_>, handler: fn(), target: fn() -> u32) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let by_chance = !matches!(resolved.plan, Plan::Fire { .. });
    let count = counting::publish(Count::new(resolved.lock));
    device::open(handler);
    let raced = stage.race(&|_| {
        for _ in 0..resolved.quanta {
            if by_chance {
                device::fire_at(target());
            }
            count.increment();
        }
    });
    device::close();
    raced?;
    count.close(u64::from(resolved.writers) * u64::from(resolved.quanta), stage);
    Ok(())
}

/// One round: the device interrupts the task's own CPU, and its softirq counts.
pub(super) fn softirq_round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    participant::interrupt_by(device::fire);
    // The softirq counts; the handler has only raised it.
    softirq::open(Softirq::Experiment, || counting::count());
    interrupted(stage, || softirq::raise(Softirq::Experiment), percpu::this_cpu)
}

/// The CPU that the device interrupts. The task is on CPU 0.
const OTHER: u32 = 1;

/// One round: the device interrupts another CPU.
pub(super) fn round_of_another(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    participant::interrupt_by(match stage.resolved.lock {
        _ if explorer::is_open() => device::fire,
        Form::Spinlock | Form::Irqsave => until_it_begins,
        _ => until_it_ends,
    });
    interrupted(stage, || counting::count(), || OTHER)
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
