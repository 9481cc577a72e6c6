//! A serial port behind a lock.

use kcore::class;
use kcore::event::LockName;
use kcore::report::LockStats;
use kcore::sync::{Counted, Watched};
use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::{FCR, IER, offsets};
use uart_16550::{Config, Uart16550};
use x86_64::instructions::port::Port;

use crate::machine::CountedSpinLock;

/// A port that may be absent.
pub(super) struct Serial {
    base: u16,
    port: CountedSpinLock<Option<Uart16550<PioBackend>>>,
}

impl Serial {
    /// The port at I/O address `base`; nothing is done to it yet.
    pub(super) const fn new(base: u16, name: &'static str) -> Self {
        let name = LockName::spins(name, class!("serial.lock", "A line is formatted before."));
        Serial { base, port: CountedSpinLock::new(Counted::new(name), None) }
    }

    /// Sets the port up for what is written. Where none answers, that is dropped. Its FIFOs are off: with
    /// them each byte that comes sets QEMU a timer, and what is typed for no reader would move the clock of a
    /// machine that counts instructions.
    pub(super) fn init(&self) {
        // SAFETY: the address is that of a standard serial port, which no other code drives.
        let port = unsafe { Uart16550::new_port(self.base) };
        let writes = Config { fifo_trigger_level: None, ..Config::default() };
        let working = port.ok().and_then(|mut port| port.init(writes).is_ok().then_some(port));
        *self.port.lock_irqsave() = working;
    }

    /// From now on the port has its FIFOs, and interrupts when it has received something.
    pub(super) fn interrupt_on_receive(&self) {
        let mut port = self.port.lock_irqsave();
        if let Some(port) = port.as_mut() {
            // SAFETY: the register is the port's own, which the lock gives this CPU. That it has FIFOs
            // changes nothing of how a byte is sent or received; a byte that it held is dropped.
            unsafe { Port::new(self.base + offsets::FCR as u16).write(FCR::FIFO_ENABLE.bits()) };
            port.enable_interrupts(IER::DATA_READY);
        }
    }

    /// A byte that was received, if there is one.
    pub(super) fn receive(&self) -> Option<u8> {
        self.port.lock_irqsave().as_mut()?.try_receive_byte().ok()
    }

    /// The counters of the port's lock.
    pub(super) fn lock_stats(&self) -> LockStats {
        self.port.stats()
    }

    /// Writes all bytes, with no other writer's in between and interrupts off.
    pub(super) fn write(&self, bytes: &[u8]) {
        if let Some(port) = self.port.lock_irqsave().as_mut() {
            port.send_bytes_exact(bytes);
        }
    }
}
