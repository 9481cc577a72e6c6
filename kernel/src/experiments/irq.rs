//! R14, R25: a task and, on the same CPU, the interrupt handler of its device, or the softirq that it raises.

use kcore::experiment::Refusal;
use kcore::probe::Plan;

use crate::arch::percpu;
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::observe::participant;

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
