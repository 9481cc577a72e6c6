//! The local APIC, in its two forms (SDM vol. 3A, chapter 11): memory-mapped xAPIC, and x2APIC through MSRs where the
//! CPU has it. The same registers; an x2APIC's are at `0x800 + offset / 16`.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use raw_cpuid::CpuId;
use x86_64::instructions::port::Port;
use x86_64::registers::model_specific::Msr;

use super::{paging, percpu, traps};

/// Offsets of registers (SDM vol. 3A, table 11-1).
mod register {
    pub(super) const ID: u32 = 0x20;
    pub(super) const EOI: u32 = 0xb0;
    pub(super) const SPURIOUS: u32 = 0xf0;
    pub(super) const ICR_LOW: u32 = 0x300;
    pub(super) const ICR_HIGH: u32 = 0x310;
}

const IA32_APIC_BASE: u32 = 0x1b;
const APIC_BASE_ENABLE: u64 = 1 << 11;
const APIC_BASE_X2: u64 = 1 << 10;
const SPURIOUS_ENABLE: u32 = 1 << 8;
const ICR_PENDING: u32 = 1 << 12;
const ICR_ASSERT: u32 = 1 << 14;

/// What an interrupt sent to another CPU does there (SDM vol. 3A, 11.6.1).
#[derive(Clone, Copy, Debug)]
pub enum Ipi {
    /// The vector is delivered.
    Fixed(u8),
    /// A non-maskable interrupt.
    Nmi,
    /// The CPU resets and waits for a start-up.
    Init,
    /// The CPU starts at this page below 1 MiB.
    StartUp(u8),
}

impl Ipi {
    fn icr(self) -> u32 {
        ICR_ASSERT
            | match self {
                Ipi::Fixed(vector) => u32::from(vector),
                Ipi::Nmi => 0b100 << 8,
                Ipi::Init => 0b101 << 8,
                Ipi::StartUp(page) => 0b110 << 8 | u32::from(page),
            }
    }
}

/// Where the registers are mapped; [`NONE`] before [`init`], [`X2`] for an x2APIC.
static REGISTERS: AtomicU64 = AtomicU64::new(NONE);
const NONE: u64 = 0;
const X2: u64 = 1;

/// Finds out which form there is, maps it (`address` is the physical one, from the MADT) and switches the APIC of the
/// first CPU on. The old 8259 interrupt controllers are silenced.
pub fn init(address: u64) -> Result<(), paging::OutOfFrames> {
    for port in [0x21, 0xa1] {
        // SAFETY: the mask registers of the two 8259s; all ones mask every line.
        unsafe { Port::<u8>::new(port).write(0xff) };
    }
    let features = CpuId::new().get_feature_info();
    if features.is_some_and(|features| features.has_x2apic()) {
        REGISTERS.store(X2, Relaxed);
    } else {
        REGISTERS.store(paging::map_device(address)?, Relaxed);
    }
    enable();
    Ok(())
}

/// Switches the APIC of the calling CPU on and notes its id.
pub fn enable() {
    let base = read_msr(IA32_APIC_BASE);
    let x2 = if is_x2() { APIC_BASE_X2 } else { 0 };
    write_msr(IA32_APIC_BASE, base | APIC_BASE_ENABLE | x2);
    write(register::SPURIOUS, SPURIOUS_ENABLE | u32::from(traps::vector::SPURIOUS));
    percpu::set_apic_id(percpu::this_cpu(), id());
}

/// The APIC id of the calling CPU as CPUID tells it: before the APIC is mapped.
pub fn initial_id() -> u32 {
    let features = CpuId::new().get_feature_info();
    features.map_or(0, |features| u32::from(features.initial_local_apic_id()))
}

/// `x2apic` or `xapic`.
pub fn form() -> &'static str {
    if is_x2() { "x2apic" } else { "xapic" }
}

/// The id of the calling CPU's APIC.
pub fn id() -> u32 {
    let id = read(register::ID);
    if is_x2() { id } else { id >> 24 }
}

/// Tells the APIC that the handler is done.
pub fn end_of_interrupt() {
    write(register::EOI, 0);
}

/// Sends an interrupt to the CPU with that APIC id. Does nothing while there is no APIC.
pub fn send(apic_id: u32, ipi: Ipi) {
    match REGISTERS.load(Relaxed) {
        NONE => {}
        X2 => write_msr(msr(register::ICR_LOW), u64::from(apic_id) << 32 | u64::from(ipi.icr())),
        _ => {
            // The two halves belong together: no interrupt handler of this CPU may send in between.
            let were_on = super::cpu::irq_save();
            while read(register::ICR_LOW) & ICR_PENDING != 0 {
                super::cpu::pause();
            }
            write(register::ICR_HIGH, apic_id << 24);
            write(register::ICR_LOW, ipi.icr());
            super::cpu::irq_restore(were_on);
        }
    }
}

fn is_x2() -> bool {
    REGISTERS.load(Relaxed) == X2
}

fn msr(register: u32) -> u32 {
    0x800 + (register >> 4)
}

fn read(register: u32) -> u32 {
    match REGISTERS.load(Relaxed) {
        X2 => read_msr(msr(register)) as u32,
        base => {
            let address = core::ptr::with_exposed_provenance::<u32>((base + u64::from(register)) as usize);
            // SAFETY: `init` mapped the page of registers there; reading the ones we use has no side effect.
            unsafe { address.read_volatile() }
        }
    }
}

fn write(register: u32, value: u32) {
    match REGISTERS.load(Relaxed) {
        X2 => write_msr(msr(register), u64::from(value)),
        base => {
            let address =
                core::ptr::with_exposed_provenance_mut::<u32>((base + u64::from(register)) as usize);
            // SAFETY: `init` mapped the page of registers there; the callers write what the SDM allows.
            unsafe { address.write_volatile(value) };
        }
    }
}

fn read_msr(number: u32) -> u64 {
    // SAFETY: every CPU with an APIC has IA32_APIC_BASE; the x2APIC's registers are read in its mode only.
    unsafe { Msr::new(number).read() }
}

fn write_msr(number: u32, value: u64) {
    // SAFETY: as for reading; the values are those of the callers in this file, each allowed by the SDM.
    unsafe { Msr::new(number).write(value) };
}
