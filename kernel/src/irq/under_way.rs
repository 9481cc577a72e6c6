//! What a CPU has to do in handlers and softirqs, or does.

use super::{device, softirq, timer};

/// Whether the device's handler or a softirq runs on `cpu`.
pub(crate) fn runs_on(cpu: u32) -> bool {
    device::runs_on(cpu) || softirq::runs_on(cpu)
}

/// Whether neither of them runs on `cpu`, nor is about to, and no timer is to expire there. All three are
/// used by experiments alone: no driver has a handler, and a task that sleeps for a time has no timer.
pub(crate) fn is_at_rest(cpu: u32) -> bool {
    !device::is_pending(cpu) && !softirq::is_pending(cpu) && !timer::is_pending(cpu)
}
