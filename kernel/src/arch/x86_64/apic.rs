//! The local APIC, in its two forms (SDM vol. 3A, chapter 11): memory-mapped xAPIC, and x2APIC through MSRs
//! where the CPU has it. The same registers; an x2APIC's are at `0x800 + offset / 16`.

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
    pub(super) const LVT_TIMER: u32 = 0x320;
    pub(super) const LVT_LINT0: u32 = 0x350;
    pub(super) const TIMER_INITIAL: u32 = 0x380;
    pub(super) const TIMER_CURRENT: u32 = 0x390;
    pub(super) const TIMER_DIVIDE: u32 = 0x3e0;
}

const IA32_APIC_BASE: u32 = 0x1b;
const APIC_BASE_ENABLE: u64 = 1 << 11;
const APIC_BASE_X2: u64 = 1 << 10;
const SPURIOUS_ENABLE: u32 = 1 << 8;
const ICR_PENDING: u32 = 1 << 12;
const ICR_ASSERT: u32 = 1 << 14;
const LVT_MASKED: u32 = 1 << 16;
const DIVIDE_BY_1: u32 = 0b1011;

/// What an interrupt sent to another CPU does there (SDM vol. 3A, 11.6.1).
#[derive(Clone, Copy, Debug)]
pub(super) enum Ipi {
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

/// Where every PC has its registers unless the firmware moved them.
pub const DEFAULT_ADDRESS: u64 = 0xfee0_0000;

/// Where the registers are mapped; [`NONE`] before [`init`], [`X2`] for an x2APIC.
static REGISTERS: AtomicU64 = AtomicU64::new(NONE);
const NONE: u64 = 0;
const X2: u64 = 1;

/// Silences the two old 8259 interrupt controllers. A BIOS leaves them on, with their lines at vectors 8 to
/// 15 and 0x70 to 0x77: the first tick of the timer would look like a double fault.
pub fn silence_8259() {
    for port in [0x21, 0xa1] {
        // SAFETY: the mask registers of the two 8259s; all ones mask every line.
        unsafe { Port::<u8>::new(port).write(0xff) };
    }
}

/// Finds out which form there is, maps it (`address` is the physical one, from the MADT) and switches the
/// APIC of the first CPU on.
pub fn init(address: u64) -> Result<(), paging::OutOfFrames> {
    let features = CpuId::new().get_feature_info();
    if features.is_some_and(|features| features.has_x2apic()) {
        REGISTERS.store(X2, Relaxed);
    } else {
        REGISTERS.store(paging::map_device(address)?, Relaxed);
    }
    enable();
    Ok(())
}

/// Switches the APIC of the calling CPU on, without the interrupts that firmware may have left in it (a UEFI
/// one ticks by the APIC's timer), and notes its id.
pub fn enable() {
    let base = read_msr(IA32_APIC_BASE) | APIC_BASE_ENABLE;
    write_msr(IA32_APIC_BASE, base);
    if is_x2() {
        // From off to x2APIC there is no way but through xAPIC (SDM vol. 3A, 11.12.5).
        write_msr(IA32_APIC_BASE, base | APIC_BASE_X2);
    }
    write(register::LVT_LINT0, read(register::LVT_LINT0) | LVT_MASKED);
    write(register::TIMER_INITIAL, 0);
    write(register::TIMER_DIVIDE, DIVIDE_BY_1);
    // One shot each time; nothing is armed yet.
    write(register::LVT_TIMER, u32::from(traps::vector::TICK));
    write(register::SPURIOUS, SPURIOUS_ENABLE | u32::from(traps::vector::SPURIOUS));
    percpu::set_apic_id(percpu::this_cpu(), id());
}

/// The APIC id of the calling CPU as CPUID tells it: before the APIC is mapped. All 32 bits of it where the
/// CPU has leaf 0xb, else 8.
pub fn initial_id() -> u32 {
    let cpuid = CpuId::new();
    let long = cpuid.get_extended_topology_info().and_then(|mut levels| levels.next());
    let short = || cpuid.get_feature_info().map_or(0, |features| features.initial_local_apic_id().into());
    long.map_or_else(short, |level| level.x2apic_id())
}

/// Whether an interrupt can be sent to the CPU with that APIC id: the destination field of an xAPIC has 8
/// bits, and all ones mean all CPUs.
pub fn reaches(apic_id: u32) -> bool {
    is_x2() || apic_id < 0xff
}

/// `x2apic` or `xapic`.
pub fn form() -> &'static str {
    if is_x2() { "x2apic" } else { "xapic" }
}

/// The id of the calling CPU's APIC.
#[inline]
pub fn id() -> u32 {
    let id = read(register::ID);
    if is_x2() { id } else { id >> 24 }
}

/// Starts the timer of the calling CPU: after `count` of its own units it interrupts, once. 0 stops it.
pub fn start_timer(count: u32) {
    if REGISTERS.load(Relaxed) != NONE {
        write(register::TIMER_INITIAL, count);
    }
}

/// What is left of the timer's count. [`None`] while there is no APIC.
pub fn timer_count() -> Option<u32> {
    (REGISTERS.load(Relaxed) != NONE).then(|| read(register::TIMER_CURRENT))
}

/// Tells the APIC that the handler is done.
#[inline]
pub fn end_of_interrupt() {
    write(register::EOI, 0);
}

/// Sends an interrupt to the CPU with that APIC id. Does nothing while there is no APIC, nor for a CPU that
/// it does not [reach](reaches). What the caller stored before is visible to the CPU that handles the
/// interrupt. For this room alone: a CPU that is sent INIT and a start-up runs whatever is in that page.
#[inline]
pub(super) fn send(apic_id: u32, ipi: Ipi) {
    if !reaches(apic_id) {
        return;
    }
    super::cpu::store_fence();
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
