//! The ACPI parser against tables built by hand, mutated tables, and noise.

use kcore::acpi::{
    AcpiError, IoApic, Madt, OutOfBounds, Override, PhysicalMemory, Pin, PowerOff, Processor, Signature,
};
use proptest::prelude::*;

const RSDP: u64 = 0xf_5a00;
const ROOT: u64 = 0x7fe_2000;
const OTHER: u64 = 0x7fe_1000;
const APIC: u64 = 0x7fe_3003;

/// A few blocks at their addresses.
#[derive(Clone)]
struct Blocks(Vec<(u64, Vec<u8>)>);

impl PhysicalMemory for Blocks {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let block = self.0.iter().find_map(|(start, bytes)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(offset..offset.checked_add(into.len())?)
        });
        into.copy_from_slice(block.ok_or(OutOfBounds)?);
        Ok(())
    }
}

/// Makes the byte at `at` such that all bytes sum up to 0.
fn seal(bytes: &mut [u8], at: usize) {
    bytes[at] = 0;
    bytes[at] = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte));
}

fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut table = signature.to_vec();
    table.extend((36 + body.len() as u32).to_le_bytes());
    table.extend([1, 0]);
    table.extend(b"BOCHS BXPC    \x01\0\0\0BXPC\x01\0\0\0");
    assert_eq!(table.len(), 36);
    table.extend(body);
    seal(&mut table, 9);
    table
}

fn rsdp(revision: u8, rsdt: u32, xsdt: u64) -> Vec<u8> {
    let mut rsdp = b"RSD PTR \0BOCHS ".to_vec();
    rsdp.push(revision);
    rsdp.extend(rsdt.to_le_bytes());
    seal(&mut rsdp, 8);
    if revision >= 2 {
        rsdp.extend(36u32.to_le_bytes());
        rsdp.extend(xsdt.to_le_bytes());
        rsdp.extend([0; 4]);
        seal(&mut rsdp, 32);
    }
    rsdp
}

fn madt(entries: &[&[u8]]) -> Vec<u8> {
    let mut body = 0xfee0_0000u32.to_le_bytes().to_vec();
    body.extend(1u32.to_le_bytes());
    body.extend(entries.concat());
    table(b"APIC", &body)
}

const CPU0: &[u8] = &[0, 8, 0, 0, 1, 0, 0, 0];
const CPU1: &[u8] = &[0, 8, 1, 1, 1, 0, 0, 0];
const CPU2_LATER: &[u8] = &[0, 8, 2, 2, 2, 0, 0, 0];
const X2APIC: &[u8] = &[9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0];
const IO: &[u8] = &[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0];
const TIMER: &[u8] = &[2, 10, 0, 0, 2, 0, 0, 0, 0, 0];
const SCI: &[u8] = &[2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0];
const NMI: &[u8] = &[4, 6, 0xff, 0, 0, 1];
const APIC_AT: &[u8] = &[5, 12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];

/// As QEMU's q35 shows itself: ACPI 1.0, an RSDT, two tables.
fn q35(apic: Vec<u8>) -> Blocks {
    let list = [OTHER as u32, APIC as u32].map(u32::to_le_bytes).concat();
    let other = table(b"FACP", &[0; 80]);
    Blocks(vec![(RSDP, rsdp(0, ROOT as u32, 0)), (ROOT, table(b"RSDT", &list)), (OTHER, other), (APIC, apic)])
}

/// As QEMU's microvm shows itself: ACPI 2.0 and an XSDT.
fn microvm(apic: Vec<u8>) -> Blocks {
    let list = [OTHER, 0, APIC].map(u64::to_le_bytes).concat();
    Blocks(vec![(RSDP, rsdp(2, 0, ROOT)), (ROOT, table(b"XSDT", &list)), (APIC, apic)])
}

fn processor(acpi_id: u32, apic_id: u32) -> Processor {
    Processor { acpi_id, apic_id, enabled: true, online_capable: false }
}

#[test]
fn q35_with_two_cpus() {
    let madt = Madt::read(&q35(madt(&[CPU0, CPU1, CPU2_LATER, IO, TIMER, SCI, NMI])), RSDP).expect("a MADT");
    let later = Processor { acpi_id: 2, apic_id: 2, enabled: false, online_capable: true };
    assert_eq!(madt.local_apic, 0xfee0_0000);
    assert!(madt.has_8259);
    assert_eq!(madt.processors, [processor(0, 0), processor(1, 1), later]);
    assert_eq!(madt.usable().count(), 2);
    assert_eq!(madt.io_apics, [IoApic { id: 0, address: 0xfec0_0000, gsi_base: 0 }]);
    assert_eq!(
        madt.overrides,
        [
            Override { irq: 0, gsi: 2, active_low: false, level: false },
            Override { irq: 9, gsi: 9, active_low: true, level: true },
        ]
    );
    assert_eq!(madt.duplicates, 0);
}

#[test]
fn microvm_with_an_x2apic_and_a_moved_local_apic() {
    let madt = Madt::read(&microvm(madt(&[CPU0, X2APIC, APIC_AT, IO])), RSDP).expect("a MADT");
    assert_eq!(madt.processors, [processor(0, 0), processor(7, 0x100)]);
    assert_eq!(madt.local_apic, 0x1_0000_0000);
}

/// A machine whose FADT tells of a register at `port`, and whose DSDT holds `aml`.
fn switchable(port: u32, aml: &[u8]) -> Blocks {
    const DSDT: u64 = 0x7fe_0000;
    let mut fadt = vec![0; 80];
    fadt[40 - 36..44 - 36].copy_from_slice(&(DSDT as u32).to_le_bytes());
    fadt[64 - 36..68 - 36].copy_from_slice(&port.to_le_bytes());
    let mut blocks = q35(madt(&[CPU0]));
    blocks.0.push((DSDT, table(b"DSDT", aml)));
    blocks.0.retain(|(address, _)| *address != OTHER);
    blocks.0.push((OTHER, table(b"FACP", &fadt)));
    blocks
}

#[test]
fn a_machine_tells_how_it_is_switched_off() {
    let off = |value| PowerOff { port: 0xb004, value };
    for (aml, value) in [
        (&b"junk\x08_S5_\x12\x06\x04\x00\x00\x00\x00junk"[..], 0x2000),
        (b"\x08\\_S5_\x12\x06\x04\x01\x00\x00\x00", 0x2400),
        (b"\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\x00\x00", 0x3400),
        (b"\x08_S5_\x12\x47\x00\x04\x0a\x07\x00\x00\x00", 0x3c00),
    ] {
        assert_eq!(PowerOff::read(&switchable(0xb004, aml), RSDP), Ok(off(value)), "{aml:x?}");
    }
}

#[test]
fn a_machine_that_does_not_tell_is_not_switched_off() {
    let good = b"\x08_S5_\x12\x06\x04\x00\x00\x00\x00";
    let missing = Err(AcpiError::Missing { table: Signature(*b"DSDT") });
    assert_eq!(PowerOff::read(&switchable(0, good), RSDP), missing);
    assert_eq!(PowerOff::read(&switchable(0x1_0000, good), RSDP), missing);
    for aml in [
        &b""[..],
        b"_S5_\x12\x06\x04\x00",
        b"\x08_S5_",
        b"\x08_S5_\x12",
        b"\x08_S5_\x12\xff\x04",
        b"\x08_S5_\x12\x06\x04\x0a\x08",
    ] {
        assert_eq!(PowerOff::read(&switchable(0xb004, aml), RSDP), missing, "{aml:x?}");
    }
    assert!(PowerOff::read(&q35(madt(&[CPU0])), RSDP).is_err());
}

#[test]
fn isa_interrupts_arrive_where_they_are_wired() {
    let second = &[1, 12, 1, 0, 0, 0x10, 0xc0, 0xfe, 24, 0, 0, 0][..];
    let far = &[2, 10, 0, 5, 30, 0, 0, 0, 0x0f, 0][..];
    let madt = Madt::read(&q35(madt(&[CPU0, second, IO, TIMER, SCI, far])), RSDP).expect("a MADT");
    let plain = |pin| Pin { io_apic: 0xfec0_0000, pin, active_low: false, level: false };
    assert_eq!(madt.isa(4), Some(plain(4)));
    assert_eq!(madt.isa(0), Some(plain(2)));
    assert_eq!(madt.isa(9), Some(Pin { active_low: true, level: true, ..plain(9) }));
    assert_eq!(madt.isa(5), Some(Pin { io_apic: 0xfec0_1000, pin: 6, active_low: true, level: true }));
}

#[test]
fn without_an_io_apic_before_it_an_interrupt_arrives_nowhere() {
    let late = &[1, 12, 1, 0, 0, 0x10, 0xc0, 0xfe, 8, 0, 0, 0][..];
    let read = |entries: &[&[u8]]| Madt::read(&q35(madt(entries)), RSDP).expect("a MADT");
    assert_eq!(read(&[CPU0]).isa(4), None);
    assert_eq!(read(&[CPU0, late]).isa(4), None);
    assert_eq!(read(&[CPU0, late]).isa(8).map(|pin| pin.pin), Some(0));
}

#[test]
fn a_second_mention_is_passed_over_unless_it_is_the_usable_one() {
    let off = &[0, 8, 9, 1, 0, 0, 0, 0][..];
    let twice = madt(&[CPU0, off, CPU1, CPU1, off, IO, IO, &[0, 8, 3, 0xff, 1, 0, 0, 0]]);
    let madt = Madt::read(&q35(twice), RSDP).expect("a MADT");
    assert_eq!(madt.processors, [processor(0, 0), processor(1, 1)]);
    assert_eq!((madt.io_apics.len(), madt.duplicates), (1, 4));
}

#[test]
fn unknown_entries_are_passed_over() {
    let madt = Madt::read(&q35(madt(&[&[0x7f, 3, 1], CPU0, &[16, 2], NMI])), RSDP).expect("a MADT");
    assert_eq!(madt.processors, [processor(0, 0)]);
}

#[test]
fn malformed_entries_are_named() {
    let error = |entries: &[&[u8]]| Madt::read(&q35(madt(entries)), RSDP).expect_err("an error");
    assert_eq!(error(&[CPU0, &[0, 0, 1, 1]]), AcpiError::Entry { offset: 52, kind: 0, length: 0 });
    assert_eq!(error(&[CPU0, &[0x7f, 1, 1, 1]]), AcpiError::Entry { offset: 52, kind: 0x7f, length: 1 });
    assert_eq!(error(&[CPU0, &[0, 8, 1]]), AcpiError::Entry { offset: 52, kind: 0, length: 8 });
    assert_eq!(
        error(&[CPU0, &[9, 8, 0, 0, 0, 1, 0, 0]]),
        AcpiError::Entry { offset: 52, kind: 9, length: 8 }
    );
    assert_eq!(error(&[CPU0, &[4]]), AcpiError::Entry { offset: 52, kind: 4, length: 0 });
    assert_eq!(error(&[IO]), AcpiError::NoProcessor);
    assert_eq!(error(&[CPU2_LATER]), AcpiError::NoProcessor);
}

#[test]
fn malformed_tables_are_named() {
    let good = q35(madt(&[CPU0]));
    let broken = |block: usize, change: fn(&mut Vec<u8>)| {
        let mut blocks = good.clone();
        change(&mut blocks.0[block].1);
        Madt::read(&blocks, RSDP).expect_err("an error")
    };
    let apic = Signature(*b"APIC");
    let rsdt = Signature(*b"RSDT");
    assert_eq!(broken(0, |rsdp| rsdp[0] = b'X'), AcpiError::NoRsdp { address: RSDP });
    assert_eq!(broken(0, |rsdp| rsdp[9] ^= 1), AcpiError::RsdpChecksum);
    assert_eq!(broken(0, |rsdp| rsdp.truncate(19)), AcpiError::Unreadable { address: RSDP });
    assert_eq!(broken(1, |list| list[20] ^= 1), AcpiError::Checksum { table: rsdt });
    assert_eq!(broken(1, |list| list[4] = 35), AcpiError::Length { table: rsdt, length: 35 });
    assert_eq!(
        broken(1, |list| *list = table(b"RSDT", &[0; 6])),
        AcpiError::Length { table: rsdt, length: 42 }
    );
    assert_eq!(broken(1, |list| *list = table(b"RSDT", &[])), AcpiError::Missing { table: apic });
    assert_eq!(
        broken(1, |list| *list = table(b"XSDT", &[])),
        AcpiError::WrongSignature { expected: rsdt, found: Signature(*b"XSDT") }
    );
    assert_eq!(broken(3, |apic| apic[40] ^= 8), AcpiError::Checksum { table: apic });
    assert_eq!(broken(3, |apic| apic[7] = 0x80), AcpiError::Length { table: apic, length: 0x8000_0034 });
    assert_eq!(broken(3, |apic| apic[5] = 0x10), AcpiError::Unreadable { address: APIC });
    assert_eq!(
        broken(3, |apic| *apic = table(b"APIC", &[0; 7])),
        AcpiError::Length { table: apic, length: 43 }
    );
}

#[test]
fn a_malformed_second_half_of_the_root_pointer_is_named() {
    let read = |rsdp: Vec<u8>| {
        let mut blocks = microvm(madt(&[CPU0]));
        blocks.0[0].1 = rsdp;
        Madt::read(&blocks, RSDP)
    };
    let mut bad_sum = rsdp(2, 0, ROOT);
    bad_sum[33] = 1;
    assert_eq!(read(bad_sum), Err(AcpiError::RsdpChecksum));
    let mut long = rsdp(2, 0, ROOT);
    long[20] = 200;
    assert_eq!(read(long), Err(AcpiError::RsdpLength { length: 200 }));
    // Without an XSDT the RSDT is read, at address 0 here.
    assert_eq!(read(rsdp(2, 0, 0)), Err(AcpiError::Unreadable { address: 0 }));
}

#[test]
fn every_error_is_a_sentence() {
    let error = AcpiError::Entry { offset: 52, kind: 0, length: 0 };
    assert_eq!(error.to_string(), "ACPI table APIC: the entry of type 0 at 52 cannot be 0 bytes long");
    let error = AcpiError::WrongSignature { expected: Signature(*b"RSDT"), found: Signature(*b"\xff\0AB") };
    assert_eq!(error.to_string(), "ACPI table RSDT expected, \\xff\\x00AB found");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn noise_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Madt::read(&Blocks(vec![(RSDP, bytes)]), RSDP).is_err());
    }

    #[test]
    fn noise_in_a_sealed_table_never_panics(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let found = Madt::read(&microvm(table(b"APIC", &body)), RSDP);
        prop_assert!(found.map_or(true, |madt| madt.processors.len() <= body.len() / 8));
    }

    #[test]
    fn small_noise_in_a_sealed_table_never_panics(body in prop::collection::vec(0..17u8, 8..300)) {
        let _ = Madt::read(&q35(table(b"APIC", &body)), RSDP);
    }

    #[test]
    fn one_changed_byte_is_noticed(block in 0..4usize, at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut blocks = q35(madt(&[CPU0, CPU1, IO, TIMER, NMI]));
        let bytes = &mut blocks.0[block].1;
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // The other table is not looked at, but for its signature.
        prop_assert_eq!(Madt::read(&blocks, RSDP).is_err(), block != 2);
    }

    #[test]
    fn changed_and_sealed_again_never_panics(block in 0..3usize, at in any::<prop::sample::Index>(), byte: u8) {
        let mut blocks = microvm(madt(&[CPU0, CPU1, IO, TIMER, NMI, X2APIC, APIC_AT]));
        let bytes = &mut blocks.0[block].1;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        match block {
            0 => {
                seal(&mut bytes[..20], 8);
                seal(bytes, 32);
            }
            _ => seal(bytes, 9),
        }
        let _ = Madt::read(&blocks, RSDP);
    }
}
