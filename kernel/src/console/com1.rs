//! COM1: what people type, and the wire to them. What is written goes through [`super::screen`].

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use heapless::Deque;
use kcore::acpi::Madt;
use kcore::errno::Errno;
use kcore::machine::{Sched, Sleep};
use kcore::report::LockStats;
use kcore::sync::WaitQueue;

use super::uart::Serial;
use crate::arch::paging::OutOfFrames;
use crate::arch::traps::vector;
use crate::arch::{io_apic, percpu};
use crate::machine::{Kernel, SpinLock};
use crate::{tty, watchdog};

static COM1: Serial = Serial::new(0x3f8, "com1.lock");

/// The ISA interrupt of the first serial port.
const IRQ: u8 = 4;

/// Bytes that are kept until somebody reads them. When there are so many the port is left alone, and whoever types waits.
const KEPT: usize = 4096;

/// What was received. The interrupt handler puts it in. Lock order: this -> screen -> com1.lock.
static RECEIVED: SpinLock<Received> = SpinLock::new(Received { bytes: Deque::new(), left: false });
/// Tasks that wait for a byte.
static WAITING: WaitQueue<Kernel> = WaitQueue::new();
/// How many.
static READERS: AtomicU32 = AtomicU32::new(0);

struct Received {
    bytes: Deque<u8, KEPT>,
    /// There was no room for what the port has.
    left: bool,
}

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
    take_in();
    WAITING.wake_up();
}

/// Takes what the port has, for as long as there is room, and signals for it with no lock held.
fn take_in() {
    if RECEIVED.lock_irqsave().fill() {
        tty::foreground::interrupt();
    }
}

impl Received {
    /// Takes what the port has, for as long as there is room. Whether a signal was among it.
    fn fill(&mut self) -> bool {
        let mut signal = false;
        self.left = false;
        while !self.bytes.is_full() {
            let Some(byte) = COM1.receive() else { return signal };
            if tty::foreground::interrupts(byte) {
                // What was typed before it was for whoever is interrupted now (POSIX, XBD 11.1.9, without NOFLSH).
                self.bytes.clear();
                signal = true;
            } else {
                let kept = self.bytes.push_back(byte);
                assert!(kept.is_ok(), "there was room");
            }
        }
        self.left = true;
        signal
    }
}

/// The next byte that people typed; waits for it.
#[track_caller]
pub fn read_byte() -> u8 {
    loop {
        match wait_for_byte(|has_come| {
            WAITING.wait_event(has_come);
            Ok(())
        }) {
            Ok(byte) => return byte,
            // Nothing but a byte ends such a wait.
            Err(_) => continue,
        }
    }
}

/// The next byte that people typed. [`Errno::ERESTARTSYS`] when the task has a signal instead.
#[track_caller]
pub fn read_byte_interruptible() -> Result<u8, Errno> {
    wait_for_byte(|has_come| {
        WAITING.wait_event_interruptible(has_come)?;
        // What is typed after a Ctrl-C is not for whom that has interrupted.
        if Kernel::interrupted(Sleep::Interruptible) { Err(Errno::ERESTARTSYS) } else { Ok(()) }
    })
}

#[track_caller]
fn wait_for_byte(wait: impl Fn(fn() -> bool) -> Result<(), Errno>) -> Result<u8, Errno> {
    watchdog::might_sleep();
    loop {
        READERS.fetch_add(1, SeqCst);
        let waited = wait(has_input);
        READERS.fetch_sub(1, SeqCst);
        waited?;
        let mut received = RECEIVED.lock_irqsave();
        let byte = received.bytes.pop_front();
        let left = received.left;
        drop(received);
        if left {
            take_in();
        }
        if let Some(byte) = byte {
            return Ok(byte);
        }
    }
}

/// Whether something was typed that nobody has read.
pub fn has_input() -> bool {
    !RECEIVED.lock_irqsave().bytes.is_empty()
}

/// Whoever waits in it is woken when something is typed.
pub fn waiting() -> &'static WaitQueue<Kernel> {
    &WAITING
}

/// Whether a task waits for what people may type: then the machine is not at its end.
pub(crate) fn expects_input() -> bool {
    READERS.load(SeqCst) != 0
}

/// Sets the port up.
pub fn init() {
    COM1.init();
}

/// Sends all bytes, with nobody else's in between.
pub(super) fn send(bytes: &[u8]) {
    COM1.write(bytes);
}

/// The counters of the port's lock.
pub fn lock_stats() -> LockStats {
    COM1.lock_stats()
}
