//! The kernel's own locks, while no task but the caller runs.

use crate::arch::cpu;
use crate::kmemleak;
use crate::process::table;
use crate::{context, dev, fs, symbols, tty};

/// How many of the locks are taken that sleepers wait for, and whether the caller has spinlocks, or
/// interrupts off.
pub(super) fn count() -> u32 {
    let are_free = [
        dev::modules_are_free(),
        dev::registry().is_free(),
        fs::names_are_free(),
        fs::proc_is_free(),
        table::is_free(),
        symbols::are_free(),
        kmemleak::is_free(),
        tty::file::is_free(),
        cpu::irq_are_on() && !context::is_atomic(),
    ];
    are_free.into_iter().filter(|is_free| !is_free).count() as u32
}
