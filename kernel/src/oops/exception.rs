//! A CPU exception in words: what it was, and the registers.
//!
//! Nothing here takes a lock or allocates: the last words of the machine are made of it.

use core::fmt::{self, Write};

use crate::arch::cpu;
use crate::arch::traps::{self, TrapFrame, vector};
use crate::layout;
use crate::mm::{images, stacks};

/// A CPU exception.
#[derive(Clone, Copy, Debug)]
pub struct Exception<'a> {
    /// What the manual calls it.
    pub name: &'static str,
    /// The registers.
    pub frame: &'a TrapFrame,
    /// The address of a page fault: CR2, until the next one.
    pub address: u64,
}

impl<'a> Exception<'a> {
    /// The exception that has just happened on this CPU.
    pub fn new(frame: &'a TrapFrame) -> Self {
        Exception { name: name(frame.vector), frame, address: cpu::fault_address() }
    }

    /// What it was, without a line end: `page fault: read of 0000000000000000, a null pointer`.
    pub fn say_cause(&self, out: &mut dyn Write) -> fmt::Result {
        let Exception { name, frame, address } = *self;
        let overflow =
            matches!(frame.vector, vector::PAGE_FAULT | vector::DOUBLE_FAULT) && stacks::is_guard(address);
        match frame.vector {
            _ if overflow => write!(out, "stack overflow: {name} at guard page {:016x}", address & !0xfff),
            vector::PAGE_FAULT => {
                let (access, region) = (access(frame.error), region(address, frame.error));
                write!(out, "page fault: {access} {address:016x}{region}")
            }
            number => write!(out, "{name} (vector {number})"),
        }
    }

    /// The registers, on lines of their own.
    pub fn say_registers(&self, out: &mut dyn Write) -> fmt::Result {
        let f = self.frame;
        let TrapFrame { rip, rsp, rflags, error, .. } = *f;
        writeln!(out, "rip {rip:016x} rsp {rsp:016x} flags {rflags:08x} error {error:x}")?;
        writeln!(out, "rax {:016x} rbx {:016x} rcx {:016x} rdx {:016x}", f.rax, f.rbx, f.rcx, f.rdx)?;
        writeln!(out, "rsi {:016x} rdi {:016x} rbp {:016x} r8  {:016x}", f.rsi, f.rdi, f.rbp, f.r8)?;
        writeln!(out, "r9  {:016x} r10 {:016x} r11 {:016x} r12 {:016x}", f.r9, f.r10, f.r11, f.r12)?;
        writeln!(out, "r13 {:016x} r14 {:016x} r15 {:016x} cr2 {:016x}", f.r13, f.r14, f.r15, self.address)
    }
}

/// What a page fault's error code says was tried (SDM vol. 3A, 4.7).
fn access(error: u64) -> &'static str {
    match error & 0b1_0010 {
        0b0_0010 => "write to",
        0b0_0000 => "read of",
        _ => "execution of",
    }
}

fn region(address: u64, error: u64) -> &'static str {
    let present = error & 1 != 0;
    let window = layout::PHYS_BASE..layout::STACKS;
    match () {
        () if address & !0xfff == traps::table() => ", the table of interrupts, which is read-only",
        () if layout::text().contains(&address) => ", the kernel's code, which is read-only",
        () if layout::rodata().contains(&address) => ", a constant",
        () if layout::data().contains(&address) => ", the kernel's data, which is not executable",
        () if address < 4096 => ", a null pointer",
        () if present && images::contains(address) => ", a page of a driver, which is not for that",
        () if present && window.contains(&address) => ", physical memory that nobody writes",
        () if present => ", which its protection forbids",
        () => ", where nothing is mapped",
    }
}

/// What the manual calls the exception of a vector (SDM vol. 3A, table 6-1).
fn name(vector: u64) -> &'static str {
    const NAMES: [&str; 22] = [
        "divide error",
        "debug exception",
        "non-maskable interrupt",
        "breakpoint",
        "overflow",
        "bound range exceeded",
        "invalid opcode",
        "device not available",
        "double fault",
        "coprocessor segment overrun",
        "invalid TSS",
        "segment not present",
        "stack fault",
        "general protection fault",
        "page fault",
        "reserved exception 15",
        "x87 floating-point error",
        "alignment check",
        "machine check",
        "SIMD floating-point error",
        "virtualisation exception",
        "control protection exception",
    ];
    match vector {
        0..=vector::LAST_EXCEPTION => NAMES.get(vector as usize).copied().unwrap_or("reserved exception"),
        _ => "unexpected interrupt",
    }
}
