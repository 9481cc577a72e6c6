//! R14, R25: a task and the softirq that its device's handler raises, on one CPU.

use crate::arch::percpu;
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::observe::participant;
use kcore::experiment::Refusal;

use super::Stage;
use super::counting;
use super::irq;

/// One round.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    participant::interrupt_by(device::fire);
    // The softirq counts; the handler has only raised it.
    softirq::open(Softirq::Experiment, || counting::count());
    irq::interrupted(stage, || softirq::raise(Softirq::Experiment), percpu::this_cpu)
}
