//! Where everything lies in the virtual address space: linker symbols as typed ranges, and the regions above
//! them.

use core::ops::Range;
use core::ptr;

/// All physical memory, read-write, not executable.
pub const PHYS_BASE: u64 = boot::PHYS_BASE;
/// Stacks of tasks, each above an unmapped guard.
pub const STACKS: u64 = 0xffff_a000_0000_0000;
/// Stacks for double faults and non-maskable interrupts, each above an unmapped guard.
pub const FAULT_STACKS: u64 = 0xffff_a800_0000_0000;
/// Registers of devices, uncached.
pub const MMIO: u64 = 0xffff_b000_0000_0000;

/// Drivers in C: code, constants, variables, all within reach of a signed distance of 32 bits of the kernel,
/// and at addresses that are negative in 32 bits.
pub const MODULES: Range<u64> = 0xffff_ffff_a000_0000..0xffff_ffff_c000_0000;

macro_rules! symbols {
    ($($(#[$meta:meta])* $name:ident = $start:ident..$end:ident;)+) => {
        unsafe extern "C" { $(static $start: u8; static $end: u8;)+ }
        $($(#[$meta])* pub fn $name() -> Range<u64> {
            ptr::addr_of!($start).addr() as u64..ptr::addr_of!($end).addr() as u64
        })+
    };
}

symbols! {
    /// The kernel's code: read, execute.
    text = text_start..text_end;
    /// Constants: read.
    rodata = rodata_start..rodata_end;
    /// Variables: read, write.
    data = data_start..data_end;
    /// The code that application processors begin with, as bytes to copy.
    trampoline = ap_trampoline_start..ap_trampoline_end;
    /// The stack of the first CPU with its guard page.
    bsp_stack = BSP_STACK_GUARD..BSP_STACK_TOP;
    /// The registered test cases.
    cases = cases_start..cases_end;
}
