//! COM1: lines for people, and what people type.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use heapless::Deque;
use kcore::acpi::Madt;
use kcore::report::LockStats;

use super::cut::Cut;
use super::uart::Serial;
use crate::arch::paging::OutOfFrames;
use crate::arch::traps::vector;
use crate::arch::{io_apic, percpu};
use crate::machine::{Kernel, SpinLock};
use crate::watchdog;

static COM1: Serial = Serial::new(0x3f8, "com1.lock");

/// The ISA interrupt of the first serial port.
const IRQ: u8 = 4;

/// Bytes that are kept until somebody reads them; more are dropped.
const KEPT: usize = 256;

/// What was received. The interrupt handler puts it in.
static RECEIVED: SpinLock<Deque<u8, KEPT>> = SpinLock::new(Deque::new());
/// Counts the bytes of `RECEIVED` that nobody has a claim to.
static BYTES: kcore::sync::Semaphore<Kernel> = kcore::sync::Semaphore::new(0);
/// Tasks that wait for a byte.
static READERS: AtomicU32 = AtomicU32::new(0);

/// Has the port interrupt this CPU when it receives something. Where the firmware tells no way for its interrupt, nothing
/// is ever received.
pub fn receive(madt: &Madt) -> Result<(), OutOfFrames> {
    if let Some(pin) = madt.isa(IRQ) {
        io_apic::route(&pin, vector::COM1, percpu::apic_id(percpu::this_cpu()))?;
        COM1.interrupt_on_receive();
        // What came before did so without an edge for the I/O APIC to see.
        interrupt();
    }
    Ok(())
}

/// The handler: takes all that was received, or the port would not interrupt again.
pub(crate) fn interrupt() {
    while let Some(byte) = COM1.receive() {
        let kept = RECEIVED.lock_irqsave().push_back(byte).is_ok();
        if kept {
            BYTES.up();
        }
    }
}

/// The next byte that people typed; waits for it.
#[track_caller]
pub fn read_byte() -> u8 {
    watchdog::might_sleep();
    READERS.fetch_add(1, SeqCst);
    BYTES.down();
    READERS.fetch_sub(1, SeqCst);
    RECEIVED.lock_irqsave().pop_front().expect("the semaphore counts what is there")
}

/// Whether a task waits for what people may type: then the machine is not at its end.
pub(crate) fn expects_input() -> bool {
    READERS.load(SeqCst) != 0
}

/// Bytes of a line; a longer one is cut.
const LINE: usize = 1024;

/// Sets the port up.
pub fn init() {
    COM1.init();
}

/// The counters of the port's lock.
pub fn lock_stats() -> LockStats {
    COM1.lock_stats()
}

/// Writes one line: formatted first, then sent in one piece.
pub fn line(arguments: fmt::Arguments<'_>) {
    let mut line = Cut::<LINE>::new();
    // A line that does not fit is cut; there is nobody to tell.
    let _ = line.write_fmt(arguments);
    line.end_line();
    COM1.write(line.as_str().as_bytes());
}

/// Prints a line on COM1.
#[macro_export]
macro_rules! println {
    () => { $crate::console::com1::line(core::format_args!("")) };
    ($($arguments:tt)+) => { $crate::console::com1::line(core::format_args!($($arguments)+)) };
}
