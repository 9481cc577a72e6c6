//! Single instructions.

use x86_64::instructions::interrupts;
use x86_64::registers::control::{Cr2, Cr4, Cr4Flags};
use x86_64::registers::model_specific::{Efer, EferFlags};

/// Switches interrupts off and returns whether they were on.
#[inline]
pub fn irq_save() -> bool {
    let were_on = interrupts::are_enabled();
    if were_on {
        interrupts::disable();
    }
    were_on
}

/// Switches interrupts on again if they `were_on`.
#[inline]
pub fn irq_restore(were_on: bool) {
    if were_on {
        interrupts::enable();
    }
}

/// Whether interrupts are on.
#[inline]
pub fn irq_are_on() -> bool {
    interrupts::are_enabled()
}

/// Switches interrupts on.
#[inline]
pub fn irq_on() {
    interrupts::enable();
}

/// Switches interrupts on and halts until one comes. None can slip in between: `sti` takes effect after the
/// next instruction (SDM vol. 2B, STI). Returns with interrupts on.
#[inline]
pub fn irq_on_and_halt() {
    interrupts::enable_and_hlt();
}

/// A debug exception comes after the next instruction, and after each that follows, on this CPU; handlers run
/// without (SDM vol. 3B, 19.3.1.4). It goes on in the next task, since the switch leaves the flags as they
/// are, until one of the exceptions [ends it](super::traps::TrapFrame::single_steps) or a task comes out of
/// the interrupt in which it has lost its CPU.
#[inline(always)]
pub fn begin_single_steps() {
    // SAFETY: changes the trap flag alone, by the way of the stack.
    unsafe { core::arch::asm!("pushfq", "or dword ptr [rsp], 0x100", "popfq") };
}

/// Whether the debug exception under way is that of a single step. Asked once: DR6 keeps what it says until
/// it is written (SDM vol. 3B, 19.2.3).
pub fn took_single_step() -> bool {
    const SINGLE_STEP: u64 = 1 << 14;
    let status: u64;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, dr6", out(reg) status, options(nomem, nostack, preserves_flags)) };
    // SAFETY: the status of debug exceptions, which no other code reads.
    unsafe {
        core::arch::asm!("mov dr6, {}", in(reg) status & !SINGLE_STEP, options(nomem, nostack, preserves_flags))
    };
    status & SINGLE_STEP != 0
}

/// Lets interrupts wait whose vectors are below the 16 of `class` + 1; 0 lets all come (SDM vol. 3A,
/// 11.8.3.1: the task priority, which CR8 is).
pub fn set_priority(class: u8) {
    // SAFETY: CR8 exists on every 64-bit CPU and takes 0 to 15; it changes when interrupts come, and nothing
    // else.
    unsafe {
        core::arch::asm!("mov cr8, {}", in(reg) u64::from(class & 0xf), options(nostack, preserves_flags))
    };
}

/// Halts with interrupts off: until a non-maskable interrupt, that is for ever.
pub fn halt_for_ever() -> ! {
    loop {
        interrupts::disable();
        x86_64::instructions::hlt();
    }
}

/// Tells the CPU that this is a spin loop.
#[inline]
pub fn pause() {
    core::hint::spin_loop();
}

/// What was stored before is visible to all CPUs before any instruction after this begins. A WRMSR to an
/// x2APIC's register does not wait for earlier stores by itself (SDM vol. 3A, 11.12.3), nor does the compiler
/// keep a store to memory before a volatile one to a device's register.
#[inline]
pub fn store_fence() {
    // SAFETY: the two fences order accesses and do nothing else.
    unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
}

/// The time-stamp counter.
#[inline]
pub fn cycles() -> u64 {
    // SAFETY: RDTSC reads a counter; CR4.TSD is clear in ring 0.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The address of the last page fault.
pub fn fault_address() -> u64 {
    Cr2::read_raw()
}

/// Turns on what every CPU of this kernel uses: no-execute pages and global pages.
pub fn enable_features() {
    // SAFETY: NXE only gives meaning to a bit that our tables set on purpose; the CPU has it
    // (`features::demand`).
    unsafe { Efer::update(|efer| efer.insert(EferFlags::NO_EXECUTE_ENABLE)) };
    // SAFETY: global pages are those of the kernel, which are the same on every CPU; the CPU has them, too.
    unsafe { Cr4::update(|cr4| cr4.insert(Cr4Flags::PAGE_GLOBAL)) };
}

/// Forgets all that the TLB of this CPU knows, global pages too: to change CR4.PGE does that (SDM vol. 3A,
/// 4.10.4.1).
pub fn forget_pages() {
    // SAFETY: what is forgotten is looked up again; without the flag pages are merely not global.
    unsafe { Cr4::update(|cr4| cr4.remove(Cr4Flags::PAGE_GLOBAL)) };
    // SAFETY: as in `enable_features`.
    unsafe { Cr4::update(|cr4| cr4.insert(Cr4Flags::PAGE_GLOBAL)) };
}

/// An undefined instruction.
pub fn undefined_instruction() {
    // SAFETY: `ud2` raises #UD, which the kernel reports; nothing else happens.
    unsafe { core::arch::asm!("ud2") };
}

/// A division by zero as the CPU sees it.
pub fn divide_by_zero() {
    // SAFETY: the division raises #DE, which the kernel reports; the registers it would write are named.
    unsafe {
        core::arch::asm!("xor ecx, ecx", "div ecx", inout("eax") 1 => _, out("ecx") _, inout("edx") 0 => _)
    };
}

/// Loads an empty IDT and raises an exception: the CPU shuts down (SDM vol. 3A, 6.15, #DF).
pub fn triple_fault() -> ! {
    let empty = x86_64::structures::DescriptorTablePointer { limit: 0, base: x86_64::VirtAddr::zero() };
    // SAFETY: the machine is meant to die here.
    unsafe { x86_64::instructions::tables::lidt(&empty) };
    undefined_instruction();
    halt_for_ever()
}
