//! What was wrong with the firmware's tables.

use core::fmt;

/// A signature as text: `APIC`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 4]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Why the tables could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcpiError {
    /// The memory at this address cannot be read.
    Unreadable {
        /// Where.
        address: u64,
    },
    /// There is no `RSD PTR ` at this address.
    NoRsdp {
        /// Where.
        address: u64,
    },
    /// The bytes of the RSDP do not sum up to 0 (ACPI 6.5, 5.2.5.3).
    RsdpChecksum,
    /// The RSDP says that it is this long.
    RsdpLength {
        /// In bytes.
        length: u32,
    },
    /// Another table stands where this one is announced.
    WrongSignature {
        /// What should be there.
        expected: Signature,
        /// What is.
        found: Signature,
    },
    /// The bytes of a table do not sum up to 0 (ACPI 6.5, 5.2.6).
    Checksum {
        /// Which table.
        table: Signature,
    },
    /// A table is too short for what it must hold, absurdly long, or no whole number of entries.
    Length {
        /// Which table.
        table: Signature,
        /// What it says, in bytes.
        length: u32,
    },
    /// No table is listed under this signature.
    Missing {
        /// Which table.
        table: Signature,
    },
    /// An entry of the MADT has a length that it cannot have, or that leads out of the table.
    Entry {
        /// Where in the table, in bytes.
        offset: usize,
        /// The entry's type (ACPI 6.5, 5.2.12).
        kind: u8,
        /// What it says, in bytes.
        length: u8,
    },
    /// The MADT lists no processor that can be used.
    NoProcessor,
}

impl fmt::Display for AcpiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcpiError::Unreadable { address } => write!(f, "physical address {address:#x} cannot be read"),
            AcpiError::NoRsdp { address } => write!(f, "no ACPI root pointer at {address:#x}"),
            AcpiError::RsdpChecksum => write!(f, "the ACPI root pointer has a wrong checksum"),
            AcpiError::RsdpLength { length } => {
                write!(f, "the ACPI root pointer cannot be {length} bytes long")
            }
            AcpiError::WrongSignature { expected, found } => {
                write!(f, "ACPI table {expected} expected, {found} found")
            }
            AcpiError::Checksum { table } => write!(f, "ACPI table {table} has a wrong checksum"),
            AcpiError::Length { table, length } => {
                write!(f, "ACPI table {table} cannot be {length} bytes long")
            }
            AcpiError::Missing { table } => write!(f, "there is no ACPI table {table}"),
            AcpiError::Entry { offset, kind, length } => {
                write!(
                    f,
                    "ACPI table APIC: the entry of type {kind} at {offset} cannot be {length} bytes long"
                )
            }
            AcpiError::NoProcessor => write!(f, "ACPI table APIC lists no processor"),
        }
    }
}

impl core::error::Error for AcpiError {}
