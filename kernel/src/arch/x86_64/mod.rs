//! x86-64: all assembly, ports, MSRs, control registers, page tables, APIC, traps and the context switch.
//!
//! Citations "SDM" are to Intel's *64 and IA-32 Architectures Software Developer's Manual*.

pub mod apic;
pub mod cpu;
pub mod exit;
pub mod features;
pub mod fw_cfg;
pub mod gdt;
pub mod io_apic;
pub mod paging;
pub mod percpu;
pub mod pit;
pub mod raw_serial;
pub mod registers;
pub mod smp;
pub mod switch;
pub mod told;
pub mod traps;
pub mod variadic;
pub mod when_read;
