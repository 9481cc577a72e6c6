//! Signatures, checksums, and the way from the RSDP to a table.

use alloc::vec;
use alloc::vec::Vec;

use super::error::{AcpiError, Signature};

/// Bytes of the RSDP of ACPI 1.0, which its first checksum covers (ACPI 6.5, 5.2.5.3).
const RSDP_V1: usize = 20;
/// Bytes of the RSDP since ACPI 2.0.
const RSDP_V2: usize = 36;
/// Bytes of the header that every table begins with (ACPI 6.5, 5.2.6).
pub(super) const HEADER: usize = 36;
/// No RSDT, XSDT or MADT comes near: 4,096 processors need 64 KiB.
const LONGEST: u32 = 64 << 10;

const RSDT: Signature = Signature(*b"RSDT");
const XSDT: Signature = Signature(*b"XSDT");

/// The list of all tables: where it is, and how wide its addresses are.
struct Root {
    address: u64,
    signature: Signature,
    entry_bytes: usize,
}

/// The first table under `signature` that the RSDP at `rsdp` leads to: all of it, header included, its
/// checksum verified.
pub(super) fn find(
    memory: &impl PhysicalMemory,
    rsdp: u64,
    signature: Signature,
) -> Result<Vec<u8>, AcpiError> {
    let root = root(memory, rsdp)?;
    let list = load(memory, root.address, root.signature)?;
    let entries = list[HEADER..].chunks_exact(root.entry_bytes);
    if !entries.remainder().is_empty() {
        return Err(AcpiError::Length { table: root.signature, length: list.len() as u32 });
    }
    for entry in entries {
        let address = little_endian(entry);
        let mut found = [0; 4];
        // An entry that cannot be read is some other table's trouble.
        if address != 0 && memory.read(address, &mut found).is_ok() && Signature(found) == signature {
            return load(memory, address, signature);
        }
    }
    Err(AcpiError::Missing { table: signature })
}

/// Reads the RSDP. The XSDT is preferred wherever there is one (ACPI 6.5, 5.2.8).
fn root(memory: &impl PhysicalMemory, rsdp: u64) -> Result<Root, AcpiError> {
    let v1: [u8; RSDP_V1] = read(memory, rsdp)?;
    if !v1.starts_with(b"RSD PTR ") {
        return Err(AcpiError::NoRsdp { address: rsdp });
    }
    if !sums_to_zero(&v1) {
        return Err(AcpiError::RsdpChecksum);
    }
    let rsdt = Root { address: little_endian(&v1[16..20]), signature: RSDT, entry_bytes: 4 };
    let revision = v1[15];
    if revision < 2 {
        return Ok(rsdt);
    }
    let v2: [u8; RSDP_V2] = read(memory, rsdp)?;
    let length = little_endian(&v2[20..24]) as u32;
    if length != RSDP_V2 as u32 {
        return Err(AcpiError::RsdpLength { length });
    }
    if !sums_to_zero(&v2) {
        return Err(AcpiError::RsdpChecksum);
    }
    match little_endian(&v2[24..32]) {
        0 => Ok(rsdt),
        address => Ok(Root { address, signature: XSDT, entry_bytes: 8 }),
    }
}

/// Reads a whole table.
pub(super) fn load(
    memory: &impl PhysicalMemory,
    address: u64,
    signature: Signature,
) -> Result<Vec<u8>, AcpiError> {
    let header: [u8; HEADER] = read(memory, address)?;
    let found = Signature([header[0], header[1], header[2], header[3]]);
    if found != signature {
        return Err(AcpiError::WrongSignature { expected: signature, found });
    }
    let length = little_endian(&header[4..8]) as u32;
    if !(HEADER as u32..=LONGEST).contains(&length) {
        return Err(AcpiError::Length { table: signature, length });
    }
    let mut table = vec![0; length as usize];
    memory.read(address, &mut table).map_err(|_| AcpiError::Unreadable { address })?;
    match sums_to_zero(&table) {
        true => Ok(table),
        false => Err(AcpiError::Checksum { table: signature }),
    }
}

fn read<const N: usize>(memory: &impl PhysicalMemory, address: u64) -> Result<[u8; N], AcpiError> {
    let mut bytes = [0; N];
    memory.read(address, &mut bytes).map_err(|_| AcpiError::Unreadable { address })?;
    Ok(bytes)
}

fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) == 0
}

/// A number of up to eight bytes.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Part of the range is no readable memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds;

/// Physical memory, for reading.
pub trait PhysicalMemory {
    /// Copies `into.len()` bytes from physical `address` on. No alignment is required.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), OutOfBounds>;
}
