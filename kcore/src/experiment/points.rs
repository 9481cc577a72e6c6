//! The probe points of scull, and the sites of the experiments that are not about scull.

use crate::machine::Site;

/// Every point that a task may pass inside the scull device.
pub(super) const SCULL: &[&str] = crate::scull::sites::POINTS;

/// The number that the tasks of `counter` add to: points `counter.load` and `counter.store`.
pub static COUNTER: Site = Site::new("counter");

/// Inside the critical section of `broken-lock` and `double-up`, after its owners have been counted: point `inside`.
pub static INSIDE: Site = Site::new("inside");

/// Between the first lock and the second one in `abba`: point `first`.
pub static FIRST: Site = Site::new("first");

/// The size of the device of `self-deadlock` and `forgotten-unlock`: points `size.load` and `size.store`.
pub static SIZE: Site = Site::new("size");

/// How many items are in the buffer of `lost-wakeup`: points `items.load` and `items.store`.
pub static ITEMS: Site = Site::new("items");

/// Who is to be woken in `lost-wakeup`: points `sleeper.load` and `sleeper.store`.
pub static SLEEPER: Site = Site::new("sleeper");

/// What the sleepers of `double-wake` wait for: points `flag.load` and `flag.store`.
pub static FLAG: Site = Site::new("flag");
