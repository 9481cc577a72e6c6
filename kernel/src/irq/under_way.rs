//! What a CPU has to do in handlers and softirqs, or does.

use kcore::event::{Access, Events, IrqStep, Kinds, Op, Site, What};
use kcore::place::Place;

use super::{device, softirq, timer};
use crate::machine::Kernel;

/// Tells that a handler or a softirq begins or ends, if that is wanted.
#[inline(always)]
pub(crate) fn says(step: IrqStep) {
    if Kernel::wanted().contains(Kinds::INTERRUPTS) {
        tell(What::Irq(step));
    }
}

#[cold]
#[inline(never)]
fn tell(what: What) {
    Kernel::tell(what, Place::caller());
}

/// Tells that the caller is about to look at what CPUs share here, or to change it, if that is wanted: `op`
/// is that of `size` bytes from `address` on, or stands for all that is done under the lock which is there.
#[inline(always)]
pub(crate) fn touches(site: &'static Site, op: Op, address: usize, size: usize) {
    if Kernel::wanted().contains(Kinds::UNSTEERED) {
        tell(What::Access(Access { site, op, address, size }));
    }
}

/// Whether the device's handler or a softirq runs on `cpu`.
pub(crate) fn runs_on(cpu: u32) -> bool {
    device::runs_on(cpu) || softirq::runs_on(cpu)
}

/// Whether neither of them runs on `cpu`, nor is about to, and no timer is to expire there. All three are
/// used by experiments alone: no driver has a handler, and a task that sleeps for a time has no timer.
pub(crate) fn is_at_rest(cpu: u32) -> bool {
    !device::is_pending(cpu) && !softirq::is_pending(cpu) && !timer::is_pending(cpu)
}
