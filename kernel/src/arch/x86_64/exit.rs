//! Leaving the machine: QEMU's `isa-debug-exit` device ends the process with status `value << 1 | 1`. Where there is no such
//! device, COM1 says the status, and the machine switches itself off if its firmware has told how.

use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::acpi::PowerOff;
use x86_64::instructions::port::Port;

use super::cpu;
use super::raw_serial::RawSerial;

/// How the machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Exit {
    /// Everything as expected: status 33.
    Success = 0x10,
    /// A verdict was not the expected one: status 35.
    Unexpected = 0x11,
    /// The command line made no sense: status 37.
    Usage = 0x12,
    /// A panic or a CPU exception: status 39.
    Panic = 0x13,
}

/// Port and value that switch the machine off; 0 while they are not known.
static POWER_OFF: AtomicU32 = AtomicU32::new(0);

/// Says how the machine is switched off.
pub fn switch_off_by(how: PowerOff) {
    POWER_OFF.store(u32::from(how.port) << 16 | u32::from(how.value), Relaxed);
}

/// Ends the machine. Takes no lock.
pub fn exit(how: Exit) -> ! {
    // SAFETY: port 0xf4 belongs to isa-debug-exit (qemu-run.sh); on a machine without it the write does nothing.
    unsafe { Port::<u32>::new(0xf4).write(how as u32) };
    // A write to the port does not fail.
    let _ = writeln!(RawSerial, "ends with status {}", how as u32 - Exit::Success as u32);
    RawSerial.flush();
    let power_off = POWER_OFF.load(Relaxed);
    if power_off != 0 {
        // SAFETY: the firmware says that this switches the machine off.
        unsafe { Port::<u16>::new((power_off >> 16) as u16).write(power_off as u16) };
    }
    cpu::halt_for_ever()
}
