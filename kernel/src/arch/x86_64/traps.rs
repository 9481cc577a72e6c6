//! Exceptions and interrupts: the vectors, the IDT, and its stubs, which all go to `crate::trap`.

use core::arch::global_asm;
use core::cell::UnsafeCell;
use core::mem::size_of;

use x86_64::VirtAddr;
use x86_64::structures::DescriptorTablePointer;

use super::gdt;

global_asm!(include_str!("trap.s"), options(raw));

/// The vectors that we send and expect.
pub mod vector {
    /// Non-maskable interrupt: another CPU stops all others.
    pub const NMI: u64 = 2;
    /// Debug exception.
    pub const DEBUG: u64 = 1;
    /// Double fault.
    pub const DOUBLE_FAULT: u64 = 8;
    /// Page fault.
    pub const PAGE_FAULT: u64 = 14;
    /// Machine check.
    pub const MACHINE_CHECK: u64 = 18;
    /// The last vector that is reserved for exceptions.
    pub const LAST_EXCEPTION: u64 = 31;
    /// The first vector by which an interrupt comes.
    pub const FIRST: u8 = 0xe0;
    /// The machine's own device: see `irq::device`.
    pub const DEVICE: u8 = 0xe0;
    /// This CPU has raised a softirq: see `irq::softirq`.
    pub const SOFTIRQ: u8 = 0xe1;
    /// Stand still: see `kmemleak::world`. While its handler waits, only the vectors of the next class come.
    pub const STAND: u8 = 0xe3;
    /// COM1 has received something.
    pub const COM1: u8 = 0xe2;
    /// The class of the vectors above: those of devices and of softirqs. What the scheduler needs is in the
    /// next one.
    pub const DEVICES: u8 = DEVICE >> 4;
    /// Another CPU has work for this one: leave `hlt`.
    pub const WAKE: u8 = 0xf0;
    /// Another CPU wants a function called: see `smp::call`.
    pub const CALL: u8 = 0xf1;
    /// The APIC's timer.
    pub const TICK: u8 = 0xf2;
    /// The APIC's spurious interrupt; its low bits must be set.
    pub const SPURIOUS: u8 = 0xff;
}

/// The registers at a trap, as the stubs push them.
#[allow(missing_docs, reason = "the registers are named as the manual names them")]
#[derive(Clone, Debug)]
#[repr(C)]
pub struct TrapFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rax: u64,
    /// The vector, pushed by the stub.
    pub vector: u64,
    /// The error code, or 0.
    pub error: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl TrapFrame {
    /// Whether interrupts were on where the trap came.
    pub fn interrupts_were_on(&self) -> bool {
        const INTERRUPT_FLAG: u64 = 1 << 9;
        self.rflags & INTERRUPT_FLAG != 0
    }

    /// Whether a [single step](super::cpu::begin_single_steps) comes after the next instruction: not by
    /// itself when the last one has loaded other flags.
    pub fn single_steps(&mut self, on: bool) {
        const TRAP_FLAG: u64 = 1 << 8;
        self.rflags = if on { self.rflags | TRAP_FLAG } else { self.rflags & !TRAP_FLAG };
    }
}

const _: () = assert!(size_of::<TrapFrame>() == 22 * 8, "trap.s pushes 17 words on the CPU's 5");

/// A gate of the IDT (SDM vol. 3A, figure 6-8).
#[derive(Clone, Copy)]
#[repr(C)]
struct Gate {
    offset_low: u16,
    selector: u16,
    ist: u8,
    kind: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

const INTERRUPT_GATE_PRESENT: u8 = 0x8e;
const CODE_SELECTOR: u16 = 0x08;

/// The one IDT, written once by the first CPU before the others run. It fills a page, which is read-only when
/// the kernel's own page tables are in use.
#[repr(C, align(4096))]
struct Idt(UnsafeCell<[Gate; 256]>);
// SAFETY: written by `init` alone, while one CPU runs; afterwards only the CPUs read it.
unsafe impl Sync for Idt {}

static IDT: Idt = Idt(UnsafeCell::new(
    [Gate { offset_low: 0, selector: 0, ist: 0, kind: 0, offset_middle: 0, offset_high: 0, reserved: 0 };
        256],
));

unsafe extern "C" {
    static trap_stubs: u8;
}

const _: () = assert!(size_of::<Idt>() == 4096, "nothing else is in its page");

/// The page of the table.
pub fn table() -> u64 {
    IDT.0.get().addr() as u64
}

/// Fills the table. Called once, on the first CPU.
pub fn init() {
    let stubs = core::ptr::addr_of!(trap_stubs).addr() as u64;
    // SAFETY: the other CPUs do not run yet, and this one has not loaded the table.
    let gates = unsafe { &mut *IDT.0.get() };
    for (vector, gate) in gates.iter_mut().enumerate() {
        let stub = stubs + 16 * vector as u64;
        let ist = match vector as u64 {
            vector::DOUBLE_FAULT => gdt::DOUBLE_FAULT_STACK + 1,
            vector::NMI => gdt::NMI_STACK + 1,
            _ => 0,
        };
        *gate = Gate {
            offset_low: stub as u16,
            selector: CODE_SELECTOR,
            ist,
            kind: INTERRUPT_GATE_PRESENT,
            offset_middle: (stub >> 16) as u16,
            offset_high: (stub >> 32) as u32,
            reserved: 0,
        };
    }
}

/// Loads the table on the calling CPU.
pub fn load() {
    let base = VirtAddr::from_ptr(IDT.0.get());
    let pointer = DescriptorTablePointer { limit: (size_of::<Idt>() - 1) as u16, base };
    // SAFETY: `init` has filled the table, whose gates lead to stubs that handle every vector.
    unsafe { x86_64::instructions::tables::lidt(&pointer) };
}
