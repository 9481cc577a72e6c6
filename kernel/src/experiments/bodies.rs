//! What the tasks of each experiment do in a round.

use kcore::experiment::{self, Body, Experiment, of_kernel};

use crate::machine::Kernel;

/// The bodies that only a kernel can have: one for each entry that says so.
static OWN: [(&Experiment, Body<Kernel>); of_kernel::COUNT] = [
    (of_kernel::irq, super::irq::round),
    (of_kernel::irq_other_cpu, super::irq_other_cpu::round),
    (of_kernel::softirq, super::irq::softirq_round),
    (of_kernel::tasklet, super::tasklet::round),
    (of_kernel::timer, super::timer::round),
    (of_kernel::workqueue, super::workqueue::round),
    (of_kernel::interrupted, super::interrupted::round),
    (of_kernel::stack_semaphore, super::stack_semaphore::round),
];

/// The body of `entry`.
pub(super) fn of(entry: &Experiment) -> Body<Kernel> {
    let own = || OWN.iter().find(|(of, _)| core::ptr::eq(*of, entry)).map(|(_, body)| *body);
    experiment::body::<Kernel>(entry).or_else(own).expect("an entry has its body in its file or above")
}
