//! The probe points of the drivers, and the sites that several experiments share.

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

/// Every point that a task may pass in a driver: the device and its files, the pipes, the access control,
/// `sleepy`.
pub fn of_drivers() -> Vec<&'static str> {
    let access: &[&[&str]] = &[crate::scull::access::sites::GATE, &["missing"], &["flag.load", "flag.store"]];
    [SCULL, crate::pipe::sites::POINTS].iter().chain(access).copied().flatten().copied().collect()
}

/// Between the calls of a task of the pipes: point `call`.
pub static CALL: Site = Site::new("call");

/// Inside a critical section: point `inside`.
pub static INSIDE: Site = Site::new("inside");

/// The link of a request, or of a node: points `next.load` and `next.store`.
pub static NEXT: Site = Site::new("next");

/// The size of as much of a device as a mistake needs: points `size.load` and `size.store`.
pub static SIZE: Site = Site::new("size");
