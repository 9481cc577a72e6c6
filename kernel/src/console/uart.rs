//! A serial port behind a lock.

use kcore::event::{LockName, Waiting};
use kcore::report::LockStats;
use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::IER;
use uart_16550::{Config, Uart16550};

use crate::machine::CountedSpinLock;

/// A port that may be absent.
pub(super) struct Serial {
    base: u16,
    port: CountedSpinLock<Option<Uart16550<PioBackend>>>,
}

impl Serial {
    /// The port at I/O address `base`; nothing is done to it yet.
    pub(super) const fn new(base: u16, name: &'static str) -> Self {
        let name = LockName { name, class: "serial.lock", waiting: Waiting::Spins };
        Serial { base, port: CountedSpinLock::counted(name, None) }
    }

    /// Sets the port up. Where none answers, what is written to it is dropped.
    pub(super) fn init(&self) {
        // SAFETY: the address is that of a standard serial port, which nobody else drives.
        let port = unsafe { Uart16550::new_port(self.base) };
        let working = port.ok().and_then(|mut port| port.init(Config::default()).is_ok().then_some(port));
        *self.port.lock_irqsave() = working;
    }

    /// From now on the port interrupts when it has received something. Returns whether there is a port.
    pub(super) fn interrupt_on_receive(&self) -> bool {
        let mut port = self.port.lock_irqsave();
        port.as_mut().map(|port| port.enable_interrupts(IER::DATA_READY)).is_some()
    }

    /// A byte that was received, if there is one.
    pub(super) fn receive(&self) -> Option<u8> {
        self.port.lock_irqsave().as_mut()?.try_receive_byte().ok()
    }

    /// The counters of the port's lock.
    pub(super) fn lock_stats(&self) -> LockStats {
        self.port.stats()
    }

    /// Writes all bytes, with nobody else's in between and interrupts off.
    pub(super) fn write(&self, bytes: &[u8]) {
        if let Some(port) = self.port.lock_irqsave().as_mut() {
            port.send_bytes_exact(bytes);
        }
    }
}
