//! Onto the kernel's own stack.

use core::arch::naked_asm;

/// Calls `main(argument)` on the first CPU's own stack, which is mapped by the kernel's own page tables too.
/// A disk loader's stack is not.
///
/// # Safety
/// The first CPU calls this once; no other code uses that stack.
#[unsafe(naked)]
pub unsafe extern "C" fn on_boot_stack(argument: usize, main: extern "C" fn(usize) -> !) -> ! {
    naked_asm!("lea rsp, [rip + BSP_STACK_TOP]", "xor ebp, ebp", "call rsi", "ud2")
}
