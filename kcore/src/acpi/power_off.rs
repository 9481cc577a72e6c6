//! How a machine is switched off (ACPI 6.5, chapters 7.4 and 16.1).

use super::error::{AcpiError, Signature};
use super::table::PhysicalMemory;
use super::table::{find, little_endian, load};

const FADT: Signature = Signature(*b"FACP");
const DSDT: Signature = Signature(*b"DSDT");

/// Offsets in the FADT (ACPI 6.5, table 5.9).
const DSDT_ADDRESS: usize = 40;
const PM1A_CONTROL: usize = 64;

/// `SLP_EN` of the PM1 control register (ACPI 6.5, 4.8.3.2.1); `SLP_TYP` is in the bits from 10 on.
const SLEEP_ENABLE: u16 = 1 << 13;
const SLEEP_TYPE: u32 = 10;

/// The word that switches the machine off, and the port to which it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerOff {
    /// The port of the register PM1a control.
    pub port: u16,
    /// What is written there.
    pub value: u16,
}

impl PowerOff {
    /// Finds the FADT from the RSDP at physical address `rsdp` on, and in its DSDT the object `\_S5`.
    pub fn read(memory: &impl PhysicalMemory, rsdp: u64) -> Result<PowerOff, AcpiError> {
        let fadt = find(memory, rsdp, FADT)?;
        let long = |at: usize| fadt.get(at..at + 4).map(little_endian);
        let missing = AcpiError::Missing { table: DSDT };
        let port = long(PM1A_CONTROL).and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
        let dsdt = load(memory, long(DSDT_ADDRESS).ok_or(missing)?, DSDT)?;
        let kind = sleep_type(&dsdt).ok_or(missing)?;
        Ok(PowerOff { port: port.ok_or(missing)?, value: SLEEP_ENABLE | kind << SLEEP_TYPE })
    }
}

/// The first number of the package that `\_S5` is: `Name (_S5, Package { type, ... })` as it is encoded (ACPI
/// 6.5, 20.2).
fn sleep_type(aml: &[u8]) -> Option<u16> {
    const NAME: u8 = 0x08;
    const PACKAGE: u8 = 0x12;
    const BYTE: u8 = 0x0a;
    let at = aml.windows(5).position(|bytes| bytes == b"_S5_\x12" as &[u8])?;
    let is_name = aml[..at].ends_with(&[NAME]) || aml[..at].ends_with(&[NAME, b'\\']);
    let package = aml[at..].iter().position(|byte| *byte == PACKAGE)? + at;
    let more_of_length = usize::from(aml.get(package + 1)? >> 6);
    // Behind the length is how many elements there are, and then the first.
    let first = aml.get(package + 3 + more_of_length..)?;
    let kind = match *first {
        [kind @ (0 | 1), ..] | [BYTE, kind, ..] => kind,
        _ => return None,
    };
    (is_name && kind < 8).then_some(kind.into())
}
