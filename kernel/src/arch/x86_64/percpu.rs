//! The block of each CPU, found through the GS base.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, offset_of};
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
    /// What its running code may not do: see [`crate::context`]. Accessed as `gs:[4]`, by this CPU alone.
    count: AtomicU32,
    /// Its APIC id, by which interrupts reach it.
    apic_id: AtomicU32,
    /// Its GDT and TSS, made by `install`; touched by this CPU alone. Until then zeros, which take no room in
    /// the ELF.
    tables: UnsafeCell<MaybeUninit<Tables>>,
}

// SAFETY: `tables` is touched by its own CPU alone (`install`, `set_fault_stacks`); the rest is atomic.
unsafe impl Sync for PerCpu {}

const _: () = assert!(offset_of!(PerCpu, id) == 0, "this_cpu() reads gs:[0]");
const _: () = assert!(offset_of!(PerCpu, count) == 4, "the functions for the count use gs:[4]");

static CPUS: [PerCpu; MAX_CPUS] = [const {
    PerCpu {
        id: AtomicU32::new(0),
        count: AtomicU32::new(0),
        apic_id: AtomicU32::new(0),
        tables: UnsafeCell::new(MaybeUninit::zeroed()),
    }
}; MAX_CPUS];

/// Makes the calling CPU number `id`, with that count: GS, GDT, TSS with the tops of its two fault stacks.
///
/// # Safety
/// Called once on each CPU, with a number that no other CPU has, before anything asks for [`this_cpu`].
pub unsafe fn install(id: u32, count: u32, double_fault_stack: u64, nmi_stack: u64) {
    let block = &CPUS[id as usize];
    block.id.store(id, Relaxed);
    block.count.store(count, Relaxed);
    // SAFETY: the tables of this CPU, which lives in a static; no other CPU touches them (field invariant).
    unsafe { Tables::load(block.tables.get(), double_fault_stack, nmi_stack) };
    // Loading segments does not touch the GS base, but a write to %gs before would have.
    GsBase::write(VirtAddr::from_ptr(block));
}

/// Gives the calling CPU other stacks for double faults and NMIs.
///
/// # Safety
/// Both are the tops of mapped stacks, aligned to 16, that no other CPU uses.
pub unsafe fn set_fault_stacks(double_fault_stack: u64, nmi_stack: u64) {
    let block = &CPUS[this_cpu() as usize];
    // SAFETY: this CPU's own tables, loaded by `install`; the stacks are the caller's promise.
    unsafe { Tables::set_stacks(block.tables.get().cast(), double_fault_stack, nmi_stack) };
}

/// Whether the calling CPU has its number yet: another than the first takes a lock before.
#[cfg(feature = "lock-order")]
pub(crate) fn is_installed() -> bool {
    !GsBase::read().is_null()
}

/// The number of the calling CPU.
#[inline]
pub fn this_cpu() -> u32 {
    let id: u32;
    // SAFETY: GS points to this CPU's block from `install` on; `id` is its first field and never changes
    // afterwards.
    unsafe { asm!("mov {:e}, gs:[0]", out(reg) id, options(nostack, readonly, preserves_flags)) };
    id
}

/// The count of the calling CPU.
#[inline(always)]
pub fn count() -> u32 {
    let count: u32;
    // SAFETY: GS points to this CPU's block from `install` on; `count` is its second field.
    unsafe { asm!("mov {:e}, gs:[4]", out(reg) count, options(nostack, preserves_flags)) };
    count
}

/// Sets the count of the calling CPU.
#[inline(always)]
pub fn set_count(count: u32) {
    // SAFETY: as in `count`; the field is an atomic, and this CPU alone writes it, with whole instructions.
    unsafe { asm!("mov gs:[4], {:e}", in(reg) count, options(nostack, preserves_flags)) };
}

/// Adds to the count of the calling CPU. One instruction, so that an interrupt comes before or after it; no
/// `lock` prefix, as no other CPU comes at all.
#[inline(always)]
pub fn add_count<const NUMBER: u32>() {
    // SAFETY: as in `set_count`.
    unsafe { asm!("add dword ptr gs:[4], {}", const NUMBER, options(nostack)) };
}

/// Adds to the count of the calling CPU, in one instruction, and returns whether its last bit was carried out
/// of it: the branch of the caller.
#[inline(always)]
pub fn carry_count<const NUMBER: u32>() -> bool {
    // SAFETY: as in `set_count`.
    unsafe {
        asm!("add dword ptr gs:[4], {}", "jc {}", const NUMBER, label { return true }, options(nostack));
    }
    false
}

/// Subtracts from the count of the calling CPU and returns whether it is 0 now: an instruction, and the
/// branch of a caller that asks for the answer.
#[inline(always)]
pub fn subtract_count<const NUMBER: u32>() -> bool {
    // SAFETY: as in `set_count`.
    unsafe {
        asm!("sub dword ptr gs:[4], {}", "jz {}", const NUMBER, label { return true }, options(nostack));
    }
    false
}

/// Clears bits of the count of the calling CPU, in one instruction.
#[inline(always)]
pub fn clear_in_count(bits: u32) {
    // SAFETY: as in `set_count`.
    unsafe { asm!("and dword ptr gs:[4], {:e}", in(reg) !bits, options(nostack)) };
}

/// Sets bits of the count of the calling CPU, in one instruction.
#[inline(always)]
pub fn set_in_count(bits: u32) {
    // SAFETY: as in `set_count`.
    unsafe { asm!("or dword ptr gs:[4], {:e}", in(reg) bits, options(nostack)) };
}

/// Notes the APIC id of CPU `id`.
pub fn set_apic_id(id: u32, apic_id: u32) {
    CPUS[id as usize].apic_id.store(apic_id, Relaxed);
}

/// The APIC id of CPU `id`.
pub fn apic_id(id: u32) -> u32 {
    CPUS[id as usize].apic_id.load(Relaxed)
}
