//! All races.

use super::race::Race;
use super::{device, driver, locks};

/// Every race, by number.
pub static ALL: &[&Race] = &[
    &device::R1,
    &device::R2,
    &device::R3,
    &device::R4,
    &device::R5,
    &device::R6,
    &device::R7,
    &device::R8,
    &device::R9,
    &device::R10,
    &driver::R11,
    &driver::R12,
    &driver::R13,
    &locks::R14,
    &driver::R15,
    &driver::R16,
    &driver::R18,
    &locks::R19,
    &locks::R20,
    &locks::R21,
    &locks::R22,
    &locks::R23,
    &locks::R24,
    &locks::R25,
    &locks::R26,
    &locks::R27,
    &locks::R28,
    &locks::R29,
    &locks::R30,
    &driver::R31,
    &driver::R32,
    &driver::R33,
    &driver::R34,
];

/// The race with the number `id`, in either case: `R1`, `r1`.
pub fn find(id: &str) -> Option<&'static Race> {
    ALL.iter().copied().find(|race| race.id.eq_ignore_ascii_case(id))
}
