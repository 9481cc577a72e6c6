//! The 8254 timer, used as a ruler for the time-stamp counter.
//!
//! Channel 2 is started when the kernel starts and read when it is up: measuring takes no time of its own. It counts
//! down at 1,193,182 Hz and ends after 55 ms; a boot that takes longer is measured over those 55 ms only if the end is
//! seen, so the caller gets `None`.

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

/// Cycles of the time-stamp counter in a second, from the time since [`start`]; `None` without a timer or too late.
pub fn tsc_hz() -> Option<u64> {
    // Read-back command: latch count and status of channel 2.
    outb(0x43, 0b1100_1000);
    let now = cpu::cycles();
    let status = inb(0x42);
    let count = u16::from_le_bytes([inb(0x42), inb(0x42)]);
    let ended = status & 0x80 != 0;
    let elapsed = u64::from(START.wrapping_sub(count));
    // Status bit 6: the count was not loaded; all ones: no device answers. Too few ticks measure nothing.
    if status == 0xff || status & 0x40 != 0 || ended || elapsed < 100 {
        return None;
    }
    Some((now - STARTED.load(Relaxed)) * HZ / elapsed)
}

/// Waits until enough ticks have passed for [`tsc_hz`], or nothing is to be waited for.
pub fn wait_for_ticks() {
    for _ in 0..1000 {
        if tsc_hz().is_some() {
            return;
        }
        cpu::pause();
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
