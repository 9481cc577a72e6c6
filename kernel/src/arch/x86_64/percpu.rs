//! The block of each CPU, found through the GS base.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use crate::param::MAX_CPUS;

use super::gdt::Tables;

/// What a CPU knows about itself.
#[repr(C)]
pub struct PerCpu {
    /// Its number. Read as `gs:[0]`.
    id: AtomicU32,
    /// Its APIC id, by which interrupts reach it.
    apic_id: AtomicU32,
    /// Its GDT and TSS; touched by this CPU alone.
    tables: UnsafeCell<Tables>,
}

// SAFETY: `tables` is touched by its own CPU alone (`install`, `set_fault_stacks`); the rest is atomic.
unsafe impl Sync for PerCpu {}

const _: () = assert!(offset_of!(PerCpu, id) == 0, "this_cpu() reads gs:[0]");

static CPUS: [PerCpu; MAX_CPUS] = [const {
    PerCpu { id: AtomicU32::new(0), apic_id: AtomicU32::new(0), tables: UnsafeCell::new(Tables::new()) }
}; MAX_CPUS];

/// Makes the calling CPU number `id`: GS, GDT, TSS with the tops of its two fault stacks.
///
/// # Safety
/// Called once on each CPU, with a number that no other CPU has, before anything asks for [`this_cpu`].
pub unsafe fn install(id: u32, double_fault_stack: u64, nmi_stack: u64) {
    let block = &CPUS[id as usize];
    block.id.store(id, Relaxed);
    // SAFETY: the tables of this CPU, which lives in a static; nobody else touches them (field invariant).
    unsafe { Tables::load(block.tables.get(), double_fault_stack, nmi_stack) };
    // Loading segments does not touch the GS base, but a write to %gs before would have.
    GsBase::write(VirtAddr::from_ptr(block));
}

/// Gives the calling CPU other stacks for double faults and NMIs.
///
/// # Safety
/// Both are the tops of mapped stacks, aligned to 16, that nobody else uses.
pub unsafe fn set_fault_stacks(double_fault_stack: u64, nmi_stack: u64) {
    let block = &CPUS[this_cpu() as usize];
    // SAFETY: this CPU's own tables, loaded by `install`; the stacks are the caller's promise.
    unsafe { Tables::set_stacks(block.tables.get(), double_fault_stack, nmi_stack) };
}

/// The number of the calling CPU.
#[inline]
pub fn this_cpu() -> u32 {
    let id: u32;
    // SAFETY: GS points to this CPU's block from `install` on; `id` is its first field and never changes afterwards.
    unsafe { asm!("mov {:e}, gs:[0]", out(reg) id, options(nostack, readonly, preserves_flags)) };
    id
}

/// Notes the APIC id of CPU `id`.
pub fn set_apic_id(id: u32, apic_id: u32) {
    CPUS[id as usize].apic_id.store(apic_id, Relaxed);
}

/// The APIC id of CPU `id`.
pub fn apic_id(id: u32) -> u32 {
    CPUS[id as usize].apic_id.load(Relaxed)
}
