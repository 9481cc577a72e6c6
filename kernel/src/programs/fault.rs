//! Breaking the machine on purpose, to see it report.

use core::hint::black_box;

use kcore::settings::Fault;
use kcore::sync::RwLock;

use crate::arch::{cpu, smp};
use crate::machine::Kernel;
use crate::{layout, task};

/// Breaks the machine.
pub(super) fn main(fault: Fault) -> ! {
    match fault {
        Fault::Panic => panic!("a panic that was asked for"),
        Fault::PanicOther => panic_elsewhere(),
        Fault::PageFault => drop(read(0xdead_beef << 12)),
        Fault::WriteText => write(layout::text().start),
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
    static LOCK: RwLock<(), Kernel> = RwLock::new(());
    loop {
        match cfg!(feature = "preempt") {
            true => core::mem::forget(LOCK.read()),
            false => core::mem::forget(LOCK.read_bh()),
        }
    }
}

pub(crate) fn read(address: usize) -> u8 {
    // SAFETY: meant to fault; the kernel reports it and ends.
    unsafe { core::ptr::with_exposed_provenance::<u8>(black_box(address)).read_volatile() }
}

pub(crate) fn write(address: u64) {
    // SAFETY: as above.
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
