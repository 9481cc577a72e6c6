//! The context switch.
//!
//! A task that does not run is its stack: the callee-saved registers of the System V ABI are pushed on it,
//! and the stack pointer is kept. There is no floating-point state: the kernel is compiled without SSE.

use core::arch::naked_asm;

/// The registers that [`switch`] leaves on a stack, lowest address first.
#[repr(C)]
struct Frame {
    r15: u64,
    r14: u64,
    r13: u64,
    r12: u64,
    rbx: u64,
    rbp: u64,
    rip: u64,
    /// What `entry` would return to; 0 ends backtraces and keeps the stack aligned as after a `call`.
    end: u64,
}

/// Prepares a stack so that switching to it calls `entry`, and returns its stack pointer.
///
/// # Safety
/// `top` is the 16-aligned end of a mapped, writable stack that no task uses.
pub unsafe fn prepare(top: u64, entry: extern "C" fn() -> !) -> u64 {
    let frame = top - size_of::<Frame>() as u64;
    let initial =
        Frame { r15: 0, r14: 0, r13: 0, r12: 0, rbx: 0, rbp: 0, rip: entry as usize as u64, end: 0 };
    // SAFETY: the caller gives a stack that is ours; a Frame is 64 bytes, so `frame` is aligned.
    unsafe { core::ptr::with_exposed_provenance_mut::<Frame>(frame as usize).write(initial) };
    frame
}

/// Goes on at `entry`, with nothing on the running task's stack.
///
/// # Safety
/// `top` is the top of that stack, and there is nothing on it that any code uses from now on.
#[unsafe(naked)]
pub unsafe extern "C" fn restart(top: u64, entry: extern "C" fn() -> !) -> ! {
    naked_asm!("mov rsp, rdi", "xor ebp, ebp", "call rsi", "ud2")
}

/// Where a task that does not run goes on, and its frame pointer.
///
/// # Safety
/// `stack_pointer` comes from [`prepare`] or was saved by [`switch`], and the task does not run meanwhile.
pub unsafe fn saved(stack_pointer: u64) -> (u64, u64) {
    // SAFETY: so there is a frame.
    let frame = unsafe { core::ptr::with_exposed_provenance::<Frame>(stack_pointer as usize).read() };
    (frame.rip, frame.rbp)
}

/// How many instructions [`switch`] has.
pub const INSTRUCTIONS: usize = 22;
/// How many bytes they have.
pub const BYTES: u64 = 45;
/// From this byte of it on the CPU is on the stack of the next task.
pub const NEW_STACK: u64 = 34;

/// Saves the caller on its own stack, its stack pointer in `*save`, and goes on where `load` was saved.
///
/// The registers that the ABI lets a function change are cleared: what the task that leaves had in them is
/// nothing to the next one, in whose trap frames kmemleak would take it for a reference. (`rdi` and `rsi`
/// have `save` and `load`, which are no addresses of the heap.)
///
/// # Safety
/// `load` comes from [`prepare`] or from an earlier save, and is used once. Interrupts are off. The memory
/// that `save` points to lives until the caller is resumed.
#[unsafe(naked)]
pub unsafe extern "C" fn switch(save: *mut u64, load: u64) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "xor eax, eax",
        "xor ecx, ecx",
        "xor edx, edx",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Calls `main(argument)` on the first CPU's own stack, which is mapped by the kernel's own page tables too.
/// A disk loader's stack is not.
///
/// # Safety
/// The first CPU calls this once; no other code uses that stack.
#[unsafe(naked)]
pub unsafe extern "C" fn on_boot_stack(argument: usize, main: extern "C" fn(usize) -> !) -> ! {
    naked_asm!("lea rsp, [rip + BSP_STACK_TOP]", "xor ebp, ebp", "call rsi", "ud2")
}
