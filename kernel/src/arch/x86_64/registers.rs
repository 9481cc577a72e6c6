//! The registers that a function finds its caller's values in.

use core::arch::{asm, naked_asm};

/// The caller's frame pointer.
#[inline(always)]
pub fn frame_pointer() -> u64 {
    let rbp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rbp", out(reg) rbp, options(nomem, nostack, preserves_flags)) };
    rbp
}

/// Calls `f` with the stack pointer below the caller's frame and its callee-saved registers: from there up
/// lies all that the running task can still use (System V ABI 3.2.1: the other registers hold nothing of the
/// caller's).
pub fn with_saved(mut f: impl FnMut(u64)) {
    let mut f: &mut dyn FnMut(u64) = &mut f;
    // SAFETY: `f` lives until `spill` returns, which calls `call` with it once.
    unsafe { spill(call, (&raw mut f).cast()) };
}

extern "C" fn call(stack_pointer: u64, f: *mut ()) {
    // SAFETY: `with_saved` gave the address of its own `f`, which no other code uses meanwhile.
    let f = unsafe { &mut *f.cast::<&mut dyn FnMut(u64)>() };
    f(stack_pointer);
}

/// Pushes the callee-saved registers and calls `call` with the stack pointer and `data`.
///
/// # Safety
/// `data` is what `call` can be given.
#[unsafe(naked)]
unsafe extern "C" fn spill(call: extern "C" fn(u64, *mut ()), data: *mut ()) {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov rax, rdi",
        "mov rdi, rsp",
        "sub rsp, 8", // the ABI's alignment
        "call rax",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
