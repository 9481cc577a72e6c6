//! COM1 without its driver, for the moment when a lock must not be waited for.

use core::fmt;

use x86_64::instructions::port::Port;

const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = DATA + 5;
const TRANSMITTER_EMPTY: u8 = 1 << 5;
/// A port that never gets ready must not keep the machine from ending.
const PATIENCE: u32 = 100_000;

/// Writes straight to the port, between whatever others write.
#[derive(Debug)]
pub struct RawSerial;

impl fmt::Write for RawSerial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            for _ in 0..PATIENCE {
                // SAFETY: reading the line status register of COM1 has no effect that its driver relies on.
                let status = unsafe { Port::<u8>::new(LINE_STATUS).read() };
                if status & TRANSMITTER_EMPTY != 0 {
                    break;
                }
            }
            // SAFETY: writing a byte to COM1 sends it; nothing else happens.
            unsafe { Port::<u8>::new(DATA).write(byte) };
        }
        Ok(())
    }
}
