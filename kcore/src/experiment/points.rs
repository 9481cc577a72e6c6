//! The probe points of scull, and the sites of the experiments that are not about scull.

use alloc::vec::Vec;

use crate::event::Site;

/// Every point that a task may pass inside the scull device.
pub(super) const SCULL: &[&str] = crate::scull::sites::POINTS;

/// Every point that a task may pass in a pipe, and between its calls.
pub(super) const PIPE: &[&str] = &{
    let mut points = ["call"; crate::pipe::sites::POINTS.len() + 1];
    let mut index = 0;
    while index < crate::pipe::sites::POINTS.len() {
        points[index] = crate::pipe::sites::POINTS[index];
        index += 1;
    }
    points
};

/// Every point that a task may pass in a driver: the device and its files, the pipes, the access control, `sleepy`.
pub fn of_drivers() -> Vec<&'static str> {
    let access: &[&[&str]] = &[crate::scull::access::sites::GATE, &["missing"], &["flag.load", "flag.store"]];
    [SCULL, crate::pipe::sites::POINTS].iter().chain(access).copied().flatten().copied().collect()
}

/// A task of `book-pipe-if` or `book-pipe-size` is about to make its next call: point `call`.
pub static CALL: Site = Site::new("call");

/// The number that the tasks of `counter` add to: points `counter.load` and `counter.store`.
pub static COUNTER: Site = Site::new("counter");

/// Inside the critical section of `broken-lock` and `double-up`, after its owners have been counted: point `inside`.
pub static INSIDE: Site = Site::new("inside");

/// The timer of `timer` has expired, and its handler has begun: point `expired`.
pub static EXPIRED: Site = Site::new("expired");

/// The owner of the timer has deleted it: point `deleted`.
pub static DELETED: Site = Site::new("deleted");

/// Before the stores of `peterson`: point `want`.
pub static WANT: Site = Site::new("want");

/// Between the stores of `peterson` and the first look at what the other wants: point `look`.
pub static LOOK: Site = Site::new("look");

/// The first request of `request-queue`: points `head.load` and `head.store`.
pub static HEAD: Site = Site::new("head");

/// The last request of `request-queue`: points `tail.load` and `tail.store`.
pub static TAIL: Site = Site::new("tail");

/// The link of a request of `request-queue`, or of a node of `aba`: points `next.load` and `next.store`.
pub static NEXT: Site = Site::new("next");

/// The top of the stack of `aba`: points `top.load` and `top.store` (the swap, whether it succeeds or not).
pub static TOP: Site = Site::new("top");

/// The registry of `unplug`: points `slot.load` and `slot.store`.
pub static SLOT: Site = Site::new("slot");

/// Between the lookup of a device and its use in `unplug`: point `found`.
pub static FOUND: Site = Site::new("found");

/// What the users of the device of `unplug` count in it: points `uses.load` and `uses.store`.
pub static USES: Site = Site::new("uses");

/// The device of `unplug` is out of the registry, and freed if nobody else keeps it: point `unplugged`.
pub static UNPLUGGED: Site = Site::new("unplugged");

/// A device of `unplug` is in the registry; where that is done too early, it does not work yet: point `plugged`.
pub static PLUGGED: Site = Site::new("plugged");

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
