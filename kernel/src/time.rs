//! Time: cycles of the time-stamp counter, and the APIC's timer that interrupts at one of them.
//!
//! There is no periodic tick. Each CPU's timer is set to the next moment at which it has something to do, if
//! there is one: the end of a time slice, of a sleep, or a kernel timer.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::{apic, cpu, pit};

/// Cycles a second; a guess until [`init`] has measured it.
static HZ: AtomicU64 = AtomicU64::new(1_000_000_000);
/// Units of the APIC's timer in 2^20 cycles.
static UNITS: AtomicU64 = AtomicU64::new(1 << 20);
/// When the APIC's timer was started to be measured, in cycles.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// No moment.
pub const NEVER: u64 = u64::MAX;

/// Begins to measure the first CPU's timer. It counts down from the most there is, which takes seconds.
pub fn start() {
    apic::start_timer(u32::MAX);
    STARTED.store(cpu::cycles(), Relaxed);
}

/// Ends the measurement.
pub fn init() {
    if let Some(left) = apic::timer_count() {
        let cycles = cpu::cycles() - STARTED.load(Relaxed);
        let units = u128::from(u32::MAX - left) << 20;
        UNITS.store((units / u128::from(cycles.max(1))).max(1) as u64, Relaxed);
    }
    apic::start_timer(0);
    if let Some(hz) = pit::tsc_hz() {
        HZ.store(hz, Relaxed);
    }
}

/// Cycles in so many microseconds.
#[inline]
pub fn microseconds(number: u64) -> u64 {
    let hz = HZ.load(Relaxed);
    match (hz / 1000).checked_mul(number) {
        Some(thousandths) => thousandths / 1000,
        // Months and more: to divide first is near enough.
        None => (hz / 1_000_000).saturating_mul(number),
    }
}

/// So many cycles in microseconds.
pub fn in_microseconds(cycles: u64) -> u64 {
    (u128::from(cycles) * 1_000_000 / u128::from(HZ.load(Relaxed).max(1))) as u64
}

/// The calling CPU is interrupted at `moment`, in cycles, or soon after; [`NEVER`] takes that back.
#[inline]
pub(crate) fn interrupt_at(moment: u64) {
    if moment == NEVER {
        return apic::start_timer(0);
    }
    let wait = u128::from(moment.saturating_sub(cpu::cycles()));
    let units = (wait * u128::from(UNITS.load(Relaxed))) >> 20;
    // Longer waits come in parts: the handler of the interrupt looks at the clock.
    apic::start_timer(units.clamp(1, u32::MAX.into()) as u32);
}
