//! The firmware's list of CPUs and of the ways of interrupts.

use alloc::vec::Vec;

use kcore::acpi::{AcpiError, Madt, OutOfBounds, PhysicalMemory, PowerOff};

use crate::arch::{apic, paging};
use crate::frames;
use crate::layout;

/// Physical memory as the firmware's tables lie in it: what is not mapped yet gets mapped when it is read.
struct FirmwareMemory;

/// The window of physical memory ends where the stacks begin; a table that claims to lie beyond is malformed.
const END: u64 = layout::STACKS - layout::PHYS_BASE;

impl PhysicalMemory for FirmwareMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let size = into.len() as u64;
        if address.checked_add(size).is_none_or(|end| end > END) {
            return Err(OutOfBounds);
        }
        paging::map_firmware(address, size).map_err(|_| OutOfBounds)?;
        let from = frames::pointer::<u8>(address);
        // SAFETY: the range is mapped now; the firmware's tables do not change, and no other code writes
        // there.
        unsafe { core::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }
}

/// The CPUs of the machine.
#[derive(Debug)]
pub struct Cpus {
    /// Where the local APICs' registers are, physically.
    pub local_apic: u64,
    /// The APIC ids of all CPUs but the one that booted.
    pub others: Vec<u32>,
    /// All that the table tells, for the ways of interrupts.
    pub madt: Madt,
}

/// How the machine is switched off, if its firmware tells.
pub fn power_off(rsdp: u64) -> Option<PowerOff> {
    PowerOff::read(&FirmwareMemory, rsdp).ok()
}

/// Reads the firmware's tables from the RSDP on.
pub fn cpus(rsdp: u64) -> Result<Cpus, AcpiError> {
    let madt = Madt::read(&FirmwareMemory, rsdp)?;
    let this = apic::initial_id();
    let others = madt.usable().map(|processor| processor.apic_id).filter(|&id| id != this).collect();
    Ok(Cpus { local_apic: madt.local_apic, others, madt })
}
