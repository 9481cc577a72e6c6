//! COM1 without its driver, for the moment when a lock must not be waited for.

use core::fmt;

use x86_64::instructions::port::Port;

const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = DATA + 5;
/// The next byte may be written.
const HOLDING_EMPTY: u8 = 1 << 5;
/// The last byte is out.
const TRANSMITTER_EMPTY: u8 = 1 << 6;
/// A port that never gets ready must not keep the machine from ending.
const PATIENCE: u32 = 100_000;

/// Writes straight to the port, between whatever others write.
#[derive(Debug)]
pub struct RawSerial;

impl RawSerial {
    /// Waits until all is out.
    pub fn flush(&mut self) {
        wait_for(TRANSMITTER_EMPTY);
    }
}

/// Waits for a bit of the line status.
fn wait_for(bit: u8) {
    for _ in 0..PATIENCE {
        // SAFETY: reading the line status register of COM1 has no effect that its driver relies on.
        let status = unsafe { Port::<u8>::new(LINE_STATUS).read() };
        if status & bit != 0 {
            break;
        }
    }
}

impl fmt::Write for RawSerial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            wait_for(HOLDING_EMPTY);
            // SAFETY: writing a byte to COM1 sends it; nothing else happens.
            unsafe { Port::<u8>::new(DATA).write(byte) };
        }
        Ok(())
    }
}
