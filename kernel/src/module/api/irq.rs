//! What a CPU is in, and what is switched off on it (`linux/preempt.h`, `linux/irqflags.h`).

use core::ffi::{c_int, c_ulong};

use kcore::machine::{Context, Cpu};

use crate::context;
use crate::machine::Kernel;

pub(in crate::module) extern "C" fn __scullery_irq_save() -> c_ulong {
    Kernel::irq_save().into()
}

pub(in crate::module) extern "C" fn __scullery_irq_restore(flags: c_ulong) {
    Kernel::irq_restore(flags != 0);
}

pub(in crate::module) extern "C" fn preempt_disable() {
    context::preempt_disable();
}

pub(in crate::module) extern "C" fn preempt_enable() {
    context::preempt_enable();
}

pub(in crate::module) extern "C" fn preempt_count() -> c_int {
    let interrupts = match context::current() {
        Context::Task => 0,
        Context::Softirq => 0x100,
        Context::Hardirq => 0x1_0000,
    };
    interrupts + context::depth().unwrap_or(0) as c_int
}

/// 1: a softirq, 2: a handler, 3: either; 4: where no task may sleep.
pub(in crate::module) extern "C" fn __scullery_in(what: c_int) -> c_int {
    let context = context::current();
    c_int::from(match what {
        1 => context == Context::Softirq,
        2 => context == Context::Hardirq,
        3 => context != Context::Task,
        _ => context::is_atomic(),
    })
}
