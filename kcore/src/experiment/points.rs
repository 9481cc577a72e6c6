//! The probe points of scull, and the sites of the experiments that are not about scull.

use crate::machine::Site;

/// Every point that a task may pass inside the scull device.
pub(super) const SCULL: &[&str] = crate::scull::sites::POINTS;

/// The number that the tasks of `counter` add to: points `counter.load` and `counter.store`.
pub static COUNTER: Site = Site::new("counter");

/// Inside the critical section of `broken-lock`, after its owners have been counted: point `inside`.
pub static INSIDE: Site = Site::new("inside");

/// The timer of `timer` has expired, and its handler has begun: point `expired`.
pub static EXPIRED: Site = Site::new("expired");

/// The owner of the timer has deleted it: point `deleted`.
pub static DELETED: Site = Site::new("deleted");
