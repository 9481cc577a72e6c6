//! The last words of the machine: a panic or a CPU exception.
//!
//! Nothing here takes a lock, allocates, or trusts that anything else works. The first CPU that comes stops all others
//! and speaks; one that comes again while it speaks (a fault in the report itself) ends the machine at once.

use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::arch::exit::{Exit, exit};
use crate::arch::raw_serial::RawSerial as Raw;
use crate::arch::traps::{TrapFrame, vector};
use crate::arch::{backtrace, cpu, percpu, smp};
use crate::mm::stacks;
use crate::{layout, task};

/// A CPU exception.
#[derive(Debug)]
pub struct Fault<'a> {
    /// What the manual calls it.
    pub name: &'static str,
    /// The registers.
    pub frame: &'a TrapFrame,
}

/// The CPU that ends the machine, or [`NOBODY`].
static SPEAKER: AtomicU32 = AtomicU32::new(NOBODY);
const NOBODY: u32 = u32::MAX;

/// Whether some CPU is ending the machine.
pub fn stopping() -> bool {
    SPEAKER.load(Relaxed) != NOBODY
}

/// The answer to a non-maskable interrupt while the machine ends: the CPU that speaks goes on, all others stop.
pub fn stop() {
    if SPEAKER.load(Relaxed) != percpu::this_cpu() {
        cpu::halt_for_ever();
    }
}

/// Reports a Rust panic and ends the machine.
pub fn panic(info: &PanicInfo) -> ! {
    become_speaker();
    say_where("panic");
    let _ = writeln!(Raw, "{}", info.message());
    if let Some(location) = info.location() {
        let _ = writeln!(Raw, "  at {location}");
    }
    let _ = writeln!(Raw, "backtrace:");
    say_frames(backtrace::frame_pointer());
    exit(Exit::Panic)
}

/// Reports a CPU exception and ends the machine.
pub fn fault(fault: &Fault<'_>) -> ! {
    become_speaker();
    say_where("exception");
    say_cause(fault);
    let TrapFrame { rip, rsp, rflags, error, rbp, .. } = *fault.frame;
    let f = fault.frame;
    let mut out = Raw;
    let _ = writeln!(out, "rip {rip:016x} rsp {rsp:016x} flags {rflags:08x} error {error:x}");
    let _ = writeln!(out, "rax {:016x} rbx {:016x} rcx {:016x} rdx {:016x}", f.rax, f.rbx, f.rcx, f.rdx);
    let _ = writeln!(out, "rsi {:016x} rdi {:016x} rbp {:016x} r8  {:016x}", f.rsi, f.rdi, f.rbp, f.r8);
    let _ = writeln!(out, "r9  {:016x} r10 {:016x} r11 {:016x} r12 {:016x}", f.r9, f.r10, f.r11, f.r12);
    let _ = writeln!(
        out,
        "r13 {:016x} r14 {:016x} r15 {:016x} cr2 {:016x}",
        f.r13,
        f.r14,
        f.r15,
        cpu::fault_address()
    );
    let _ = writeln!(out, "backtrace:\n    rip [<{rip:016x}>]");
    say_frames(rbp);
    exit(Exit::Panic)
}

/// Stops the other CPUs. Never returns on a CPU that is not the first to come.
fn become_speaker() {
    cpu::irq_save();
    let this = percpu::this_cpu();
    // In one step, so that a fault on the way back here knows that it is one.
    match SPEAKER.compare_exchange(NOBODY, this, Relaxed, Relaxed) {
        Ok(_) => smp::stop_others(),
        Err(speaker) if speaker == this => exit(Exit::Panic),
        Err(_) => cpu::halt_for_ever(),
    }
}

fn say_where(what: &str) {
    let task = task::current();
    let _ = writeln!(
        Raw,
        "\n*** {what} on CPU {}, task {} ({})",
        percpu::this_cpu(),
        task.0,
        task::table::name_hint(task)
    );
}

fn say_cause(fault: &Fault<'_>) {
    let address = cpu::fault_address();
    let frame = fault.frame;
    let overflow =
        matches!(frame.vector, vector::PAGE_FAULT | vector::DOUBLE_FAULT) && stacks::is_guard(address);
    let _ = match frame.vector {
        _ if overflow => {
            writeln!(Raw, "stack overflow: {} at guard page {:016x}", fault.name, address & !0xfff)
        }
        vector::PAGE_FAULT => {
            writeln!(
                Raw,
                "page fault: {} {address:016x}{}",
                access(frame.error),
                region(address, frame.error)
            )
        }
        _ => writeln!(Raw, "{} (vector {})", fault.name, frame.vector),
    };
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
    match () {
        () if layout::text().contains(&address) => ", the kernel's code, which is read-only",
        () if layout::rodata().contains(&address) => ", a constant",
        () if layout::data().contains(&address) => ", the kernel's data, which is not executable",
        () if address < 4096 => ", a null pointer",
        () if present => ", which its protection forbids",
        () => ", where nothing is mapped",
    }
}

fn say_frames(rbp: u64) {
    let mut addresses = [0; 32];
    let count = backtrace::walk(rbp, &mut addresses);
    for same in addresses[..count].chunk_by(|one, next| one == next) {
        // The lab turns this into a function and a source line.
        let _ = writeln!(Raw, "    [<{:016x}>]", same[0]);
        if same.len() > 1 {
            let _ = writeln!(Raw, "    ... and again, {} times at least", same.len() - 1);
        }
    }
}
