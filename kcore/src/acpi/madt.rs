//! The Multiple APIC Description Table (ACPI 6.5, 5.2.12; signature `APIC`).

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use super::error::{AcpiError, Signature};
use super::table::PhysicalMemory;
use super::table::{HEADER, find, little_endian};

const MADT: Signature = Signature(*b"APIC");
/// Header, address of the local APICs, flags.
const FIXED: usize = HEADER + 8;

/// A processor, in the order of the table: the first usable one need not be the one that booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// What the firmware's own language calls it.
    pub acpi_id: u32,
    /// Its local APIC, to which interrupts are addressed.
    pub apic_id: u32,
    /// It can be started now.
    pub enabled: bool,
    /// It may be plugged in later. Meaningful only when not `enabled`.
    pub online_capable: bool,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its APIC id.
    pub id: u8,
    /// The physical address of its registers.
    pub address: u32,
    /// The global system interrupt of its first pin.
    pub gsi_base: u32,
}

/// An ISA interrupt that does not arrive where its number says (ACPI 6.5, 5.2.12.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// The ISA interrupt, 0 to 15.
    pub irq: u8,
    /// The global system interrupt that it is wired to.
    pub gsi: u32,
    /// Active low; else active high, the ISA bus's own.
    pub active_low: bool,
    /// Level triggered; else edge triggered, the ISA bus's own.
    pub level: bool,
}

/// Where an ISA interrupt arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The I/O APIC's registers, physically.
    pub io_apic: u32,
    /// Which of its pins.
    pub pin: u32,
    /// Active low.
    pub active_low: bool,
    /// Level triggered.
    pub level: bool,
}

/// What the MADT tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Madt {
    /// The physical address of every CPU's local APIC, the 64-bit override considered.
    pub local_apic: u64,
    /// There is a pair of 8259 controllers, to be masked before the APICs are used.
    pub has_8259: bool,
    /// The processors, each APIC id once.
    pub processors: Vec<Processor>,
    /// The I/O APICs.
    pub io_apics: Vec<IoApic>,
    /// The rewired ISA interrupts.
    pub overrides: Vec<Override>,
    /// Entries that named a processor or an I/O APIC a second time and were passed over.
    pub duplicates: u32,
}

impl Madt {
    /// Finds the MADT from the RSDP at physical address `rsdp` on and reads it.
    pub fn read(memory: &impl PhysicalMemory, rsdp: u64) -> Result<Madt, AcpiError> {
        let madt = Madt::parse(&find(memory, rsdp, MADT)?)?;
        match madt.usable().count() {
            0 => Err(AcpiError::NoProcessor),
            _ => Ok(madt),
        }
    }

    /// The processors that can be started.
    pub fn usable(&self) -> impl Iterator<Item = &Processor> {
        self.processors.iter().filter(|processor| processor.enabled)
    }

    /// Where ISA interrupt `irq` arrives: at the global system interrupt of its own number, edge-triggered
    /// and active high, unless it was rewired (ACPI 6.5, 5.2.12.5); there at the I/O APIC that begins last
    /// before it. How many pins that has only its own registers tell.
    pub fn isa(&self, irq: u8) -> Option<Pin> {
        let own = Override { irq, gsi: irq.into(), active_low: false, level: false };
        let wire = self.overrides.iter().find(|wire| wire.irq == irq).copied().unwrap_or(own);
        let before = self.io_apics.iter().filter(|io_apic| io_apic.gsi_base <= wire.gsi);
        let io_apic = before.max_by_key(|io_apic| io_apic.gsi_base)?;
        Some(Pin {
            io_apic: io_apic.address,
            pin: wire.gsi - io_apic.gsi_base,
            active_low: wire.active_low,
            level: wire.level,
        })
    }

    fn parse(table: &[u8]) -> Result<Madt, AcpiError> {
        if table.len() < FIXED {
            return Err(AcpiError::Length { table: MADT, length: table.len() as u32 });
        }
        let mut madt = Madt {
            local_apic: little_endian(&table[36..40]),
            // PCAT_COMPAT (multiple APIC flags, ACPI 6.5, 5.2.12).
            has_8259: table[40] & 1 != 0,
            processors: Vec::new(),
            io_apics: Vec::new(),
            overrides: Vec::new(),
            duplicates: 0,
        };
        let mut by_apic_id = BTreeMap::new();
        let mut offset = FIXED;
        while offset < table.len() {
            let entry = entry(table, offset)?;
            madt.add(entry, &mut by_apic_id);
            offset += entry.len();
        }
        Ok(madt)
    }

    /// Adds a well-formed entry. Types that say nothing about processors or their interrupts' routes (NMI
    /// sources among them) are passed over.
    fn add(&mut self, entry: &[u8], by_apic_id: &mut BTreeMap<u32, usize>) {
        let long = |at: usize| little_endian(&entry[at..at + 4]) as u32;
        match entry[0] {
            LOCAL_APIC if entry[3] != 0xff => {
                self.add_processor(entry[2].into(), entry[3].into(), long(4), by_apic_id);
            }
            LOCAL_X2APIC if long(4) != u32::MAX => {
                self.add_processor(long(12), long(4), long(8), by_apic_id);
            }
            IO_APIC => {
                let io_apic = IoApic { id: entry[2], address: long(4), gsi_base: long(8) };
                match self.io_apics.iter().any(|other| other.address == io_apic.address) {
                    true => self.duplicates += 1,
                    false => self.io_apics.push(io_apic),
                }
            }
            SOURCE_OVERRIDE => {
                // MPS INTI flags (ACPI 6.5, 5.2.12.5): 0 is the bus's own way, 3 is active low and level.
                let (active_low, level) = (entry[8] & 3 == 3, entry[8] >> 2 & 3 == 3);
                self.overrides.push(Override { irq: entry[3], gsi: long(4), active_low, level });
            }
            ADDRESS_OVERRIDE => self.local_apic = little_endian(&entry[4..12]),
            _ => {}
        }
    }

    /// Firmware pads the table with disabled processors of equal ids, so an enabled one takes a disabled
    /// one's place.
    fn add_processor(
        &mut self,
        acpi_id: u32,
        apic_id: u32,
        flags: u32,
        by_apic_id: &mut BTreeMap<u32, usize>,
    ) {
        // Local APIC flags (ACPI 6.5, 5.2.12.2).
        let processor =
            Processor { acpi_id, apic_id, enabled: flags & 1 != 0, online_capable: flags & 2 != 0 };
        match by_apic_id.entry(apic_id) {
            Entry::Vacant(vacant) => {
                vacant.insert(self.processors.len());
                self.processors.push(processor);
            }
            Entry::Occupied(occupied) => {
                self.duplicates += 1;
                let known = &mut self.processors[*occupied.get()];
                if processor.enabled && !known.enabled {
                    *known = processor;
                }
            }
        }
    }
}

const LOCAL_APIC: u8 = 0;
const IO_APIC: u8 = 1;
const SOURCE_OVERRIDE: u8 = 2;
const ADDRESS_OVERRIDE: u8 = 5;
const LOCAL_X2APIC: u8 = 9;

/// The entry at `offset`, which is long enough for its type (ACPI 6.5, 5.2.12.2 to 5.2.12.12) and ends in the
/// table.
fn entry(table: &[u8], offset: usize) -> Result<&[u8], AcpiError> {
    let rest = &table[offset..];
    let (kind, length) = (rest[0], rest.get(1).copied().unwrap_or(0));
    let least = match kind {
        LOCAL_APIC => 8,
        IO_APIC | ADDRESS_OVERRIDE => 12,
        SOURCE_OVERRIDE => 10,
        LOCAL_X2APIC => 16,
        _ => 2,
    };
    match rest.get(..length.into()) {
        Some(entry) if length >= least => Ok(entry),
        _ => Err(AcpiError::Entry { offset, kind, length }),
    }
}
