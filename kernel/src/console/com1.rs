//! COM1: the wire to people. What they type is taken by [`crate::tty::input`], what they see comes from
//! [`super::screen`].

use kcore::report::LockStats;

use super::uart::Serial;

static COM1: Serial = Serial::new(0x3f8, "com1.lock");

/// Sets the port up.
pub fn init() {
    COM1.init();
}

/// Sends all bytes, with no other writer's in between.
pub(super) fn send(bytes: &[u8]) {
    COM1.write(bytes);
}

/// A byte that has come, if one has.
pub(crate) fn receive() -> Option<u8> {
    COM1.receive()
}

/// From now on the port interrupts when something comes.
pub(crate) fn interrupt_on_receive() {
    COM1.interrupt_on_receive();
}

/// The counters of the port's lock.
pub fn lock_stats() -> LockStats {
    COM1.lock_stats()
}
