//! Faults on order: breaking the machine, or a task, on purpose, to see it report.

use core::hint::black_box;

use kcore::class;
use kcore::settings::Fault;
use kcore::sync::RwLock;

use crate::arch::{cpu, paging, smp, traps};
use crate::machine::Kernel;
use crate::{layout, task};

/// Breaks the machine.
pub(crate) fn main(fault: Fault) -> ! {
    match fault {
        Fault::Panic => panic!("a panic that was asked for"),
        Fault::PanicOther => panic_elsewhere(),
        Fault::PageFault => drop(read(0xdead_beef << 12)),
        // SAFETY: the three are read-only.
        Fault::WriteText => unsafe { write(layout::text().start) },
        // SAFETY: as above.
        Fault::WriteWindow => unsafe { write(text_in_window()) },
        // SAFETY: as above.
        Fault::WriteIdt => unsafe { write(traps::table()) },
        Fault::ExecuteData => execute(layout::data().start),
        Fault::StackOverflow => drop(recurse(black_box(1))),
        Fault::InvalidOpcode => cpu::undefined_instruction(),
        Fault::Divide => cpu::divide_by_zero(),
        Fault::TripleFault => cpu::triple_fault(),
        Fault::ForgottenGuards => forget_guards(),
        Fault::Hang => loop {
            cpu::pause();
        },
    }
    panic!("the machine survived a fault that ends it: {fault}")
}

fn panic_elsewhere() -> ! {
    let last = smp::cpus() - 1;
    let task = task::spawn::<()>("victim", last, || panic!("a panic that was asked for, on another CPU"));
    task.expect("there is room for one task").join();
    panic!("the task that panics came to its end")
}

/// Where preemption is not counted, softirqs are.
fn forget_guards() -> ! {
    static LOCK: RwLock<(), Kernel> = RwLock::new(class!("forgotten"), ());
    loop {
        match cfg!(feature = "preempt") {
            true => core::mem::forget(LOCK.read()),
            false => core::mem::forget(LOCK.read_bh()),
        }
    }
}

/// Where the kernel's code is in the window of physical memory.
pub(crate) fn text_in_window() -> u64 {
    let frame = paging::frame_of(layout::text().start).expect("the code is mapped");
    layout::PHYS_BASE + frame
}

pub(crate) fn read(address: usize) -> u8 {
    // SAFETY: meant to fault; the kernel reports it and ends.
    unsafe { core::ptr::with_exposed_provenance::<u8>(black_box(address)).read_volatile() }
}

/// Stores a zero at `address`.
///
/// # Safety
/// It faults, as it is meant to: nothing that can be written is mapped there.
pub(crate) unsafe fn write(address: u64) {
    // SAFETY: the caller's promise.
    unsafe { core::ptr::with_exposed_provenance_mut::<u8>(black_box(address as usize)).write_volatile(0) };
}

fn execute(address: u64) {
    // SAFETY: as above.
    let function = unsafe { core::mem::transmute::<usize, extern "C" fn()>(black_box(address as usize)) };
    function();
}

#[expect(unconditional_recursion, reason = "the stack is meant to overflow")]
pub(crate) fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 16]);
    recurse(room[7] + 1) + black_box(room[3])
}
