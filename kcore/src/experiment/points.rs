//! The probe points of scull, and the sites of the experiments that are not about scull.

use crate::machine::Site;

/// Every point that a task may pass inside the scull device.
pub(super) const SCULL: &[&str] = &[
    "head.load",
    "head.store",
    "next.load",
    "next.store",
    "node.clear",
    "array.load",
    "array.store",
    "array.clear",
    "slot.load",
    "slot.store",
    "copy.start",
    "copy.half",
    "copy.end",
    "size.load",
    "size.store",
    "read.copy",
    "trim.walk",
    "trim.free",
    "trim.done",
];

/// The number that the tasks of `counter` add to: points `counter.load` and `counter.store`.
pub static COUNTER: Site = Site::new("counter");

/// Inside the critical section of `broken-lock`, after its owners have been counted: point `inside`.
pub static INSIDE: Site = Site::new("inside");
