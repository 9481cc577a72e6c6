//! Leaving the machine: QEMU's `isa-debug-exit` device ends the process with status `value << 1 | 1`.

use x86_64::instructions::port::Port;

use super::cpu;

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

/// Ends the machine; where there is no such device, halts.
pub fn exit(how: Exit) -> ! {
    // SAFETY: port 0xf4 belongs to isa-debug-exit (qemu-run.sh); on a machine without it the write does nothing.
    unsafe { Port::<u32>::new(0xf4).write(how as u32) };
    cpu::halt_for_ever()
}
