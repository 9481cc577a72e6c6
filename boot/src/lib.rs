//! The door: everything between power-on and [`Handoff`], for three ways in.
//!
//! - `pvh.s`: QEMU (or another PVH loader) jumps here in 32-bit mode; `start_info.rs` turns what it left into
//!   a [`BootInfo`].
//! - `_start`: the BIOS and UEFI loaders of the `bootloader` crate bring a `BootInfo` of their own.
//! - `ap.s`: where the other CPUs begin.
//!
//! `kernel.ld` says where everything lies.

#![no_std]
#![cfg(target_os = "none")]

mod start_info;

use bootloader_api::BootInfo;

core::arch::global_asm!(include_str!("../pvh.s"), options(att_syntax, raw));
core::arch::global_asm!(include_str!("../ap.s"), options(att_syntax, raw));

/// Where the PVH stub maps physical memory, and where the kernel's own tables keep it.
pub const PHYS_BASE: u64 = 0xffff_8000_0000_0000;

/// What the kernel is entered with.
#[derive(Debug)]
pub struct Handoff {
    /// Memory, ACPI, boot modules.
    pub info: &'static mut BootInfo,
    /// The kernel's command line, where the door carries one. One that is too long is cut to a byte more than
    /// may be.
    pub command_line: Option<&'static [u8]>,
    /// The door: `pvh`, or `disk` for an image.
    pub door: &'static str,
}
