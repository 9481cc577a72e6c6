//! Leaving the machine: QEMU's `isa-debug-exit` device ends the process with status `value << 1 | 1`. Where
//! there is no such device, COM1 says the status, and the machine switches itself off if its firmware has
//! told how.

use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::acpi::PowerOff;
use x86_64::instructions::port::Port;

use super::raw_serial::RawSerial;
use super::{cpu, percpu, smp};

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

/// The CPU that ends the machine, or [`NOBODY`].
static SPEAKER: AtomicU32 = AtomicU32::new(NOBODY);
const NOBODY: u32 = u32::MAX;

/// The machine ends with this CPU's last words: stops the others. Never returns on a CPU that is not the
/// first to come.
pub fn begin() {
    cpu::irq_save();
    let this = percpu::this_cpu();
    // In one step, so that a fault on the way back here knows that it is one.
    match SPEAKER.compare_exchange(NOBODY, this, Relaxed, Relaxed) {
        Ok(_) => smp::stop_others(),
        Err(speaker) if speaker == this => exit(Exit::Panic),
        Err(_) => cpu::halt_for_ever(),
    }
}

/// Whether some CPU is ending the machine.
pub fn is_under_way() -> bool {
    SPEAKER.load(Relaxed) != NOBODY
}

/// The answer to a non-maskable interrupt while the machine ends: the CPU that speaks goes on, all others
/// stop.
pub fn stand_aside() {
    if SPEAKER.load(Relaxed) != percpu::this_cpu() {
        cpu::halt_for_ever();
    }
}

/// Says how the machine is switched off.
pub fn switch_off_by(how: PowerOff) {
    POWER_OFF.store(u32::from(how.port) << 16 | u32::from(how.value), Relaxed);
}

/// Ends the machine. Takes no lock.
pub fn exit(how: Exit) -> ! {
    // SAFETY: port 0xf4 belongs to isa-debug-exit (qemu-run.sh); on a machine without it the write does
    // nothing.
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
