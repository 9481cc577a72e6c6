//! The CPUs and interrupt controllers of the machine, as the firmware lists them, and how it is switched off.
//!
//! RSDP, then RSDT or XSDT, then MADT (ACPI specification 6.5, chapter 5.2). Firmware memory is not to be
//! trusted: every length is checked before it is used, the work is bounded by the tables' (limited) sizes,
//! and what is malformed is an [`AcpiError`] that says how, never a panic.
//!
//! | file | noun |
//! |---|---|
//! | `error` | [`AcpiError`]: what was wrong |
//! | `table` | [`PhysicalMemory`], signatures, checksums, and the way from the RSDP to a table |
//! | `madt` | [`Madt`]: the table itself |
//! | `power_off` | [`PowerOff`]: from the FADT and the DSDT |

#![forbid(unsafe_code)]

mod error;
mod madt;
mod power_off;
mod table;

pub use error::{AcpiError, Signature};
pub use madt::{IoApic, Madt, Override, Pin, Processor};
pub use power_off::PowerOff;
pub use table::{OutOfBounds, PhysicalMemory};
