//! The 8254 timer, used as a ruler for the time-stamp counter.
//!
//! Channel 2 is started when the kernel starts and read when it is up: measuring takes no time of its own. It
//! counts down at 1,193,182 Hz and ends after 55 ms; after a longer boot it is started again for a
//! millisecond.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use x86_64::instructions::port::Port;

use super::cpu;

const HZ: u64 = 1_193_182;
const START: u16 = u16::MAX;

static STARTED: AtomicU64 = AtomicU64::new(0);

/// Starts the count.
pub fn start() {
    // Speaker off, gate of channel 2 on.
    outb(0x61, inb(0x61) & !0b10 | 0b01);
    // Channel 2, low then high byte, mode 0: count down once.
    outb(0x43, 0b1011_0000);
    outb(0x42, START as u8);
    outb(0x42, (START >> 8) as u8);
    STARTED.store(cpu::cycles(), Relaxed);
}

/// Cycles of the time-stamp counter in a second, from the time since [`start`]. `None` where no such timer
/// answers.
pub fn tsc_hz() -> Option<u64> {
    if let Reading::Ended = read() {
        start();
    }
    for _ in 0..PATIENCE {
        match read() {
            Reading::Ticks(ticks, cycles) if ticks >= ENOUGH => return Some(cycles * HZ / ticks),
            Reading::Absent => return None,
            _ => cpu::pause(),
        }
    }
    None
}

/// Ticks that make a measurement: 1 ms.
const ENOUGH: u64 = HZ / 1000;
/// Readings before a timer counts as broken.
const PATIENCE: u32 = 1_000_000;

enum Reading {
    /// Ticks since the start, and cycles of the time-stamp counter.
    Ticks(u64, u64),
    /// The count has ended.
    Ended,
    /// Nothing answers.
    Absent,
}

fn read() -> Reading {
    // Read-back command: latch count and status of channel 2.
    outb(0x43, 0b1100_1000);
    let cycles = cpu::cycles() - STARTED.load(Relaxed);
    let status = inb(0x42);
    let count = u16::from_le_bytes([inb(0x42), inb(0x42)]);
    match status {
        0xff => Reading::Absent,
        // The output is high: the count went through zero.
        _ if status & 0x80 != 0 => Reading::Ended,
        // The count was not loaded yet.
        _ if status & 0x40 != 0 => Reading::Ticks(0, 0),
        _ => Reading::Ticks(u64::from(START.wrapping_sub(count)), cycles),
    }
}

fn inb(port: u16) -> u8 {
    // SAFETY: the ports of the 8254 and its gate; reading them has no effect on memory.
    unsafe { Port::new(port).read() }
}

fn outb(port: u16, value: u8) {
    // SAFETY: the ports of the 8254 and its gate; channel 2 drives nothing but the speaker, which is off.
    unsafe { Port::new(port).write(value) };
}
