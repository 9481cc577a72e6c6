//! All character devices of the machine, also those of the kernel itself that are there from some moment on,
//! and stay: the console and the terminal.

use alloc::sync::Arc;

use kcore::dev::{Cdev, CharDevice, DeviceNumber, Module, Registry};
use kcore::errno::Errno;
use spin::LazyLock;

use crate::machine::Kernel;

use super::memory;

/// The number of `/dev/tty`, the terminal of the process that opens it.
pub const TTY: DeviceNumber = DeviceNumber { major: 5, minor: 0 };
/// The number of `/dev/console`.
pub const CONSOLE: DeviceNumber = DeviceNumber { major: 5, minor: 1 };

/// Puts `device` behind [`TTY`] or [`CONSOLE`], whose names are in `/dev` already and were [`Errno::ENXIO`]
/// until now. [`Errno::EBUSY`] when there is one, [`Errno::EINVAL`] for any other number.
pub fn attach(number: DeviceNumber, device: Arc<dyn CharDevice<Kernel>>) -> Result<(), Errno> {
    let name = match number {
        TTY => "tty",
        CONSOLE => "console",
        _ => return Err(Errno::EINVAL),
    };
    registry().add(Cdev::new(number, name, &Module::new("kernel"), device))
}

static REGISTRY: LazyLock<Registry<Kernel>> = LazyLock::new(|| {
    let (registry, kernel) = (Registry::new(), Module::new("kernel"));
    let mem = registry.claim("mem", Some(memory::MAJOR), memory::MINORS);
    mem.expect("nobody had a number before");
    for (number, name) in memory::NAMES {
        let device = Cdev::new(number, name, &kernel, memory::device(name));
        registry.add(device).expect("each has a number of its own");
    }
    for (name, number) in [("/dev/tty", TTY), ("/dev/console", CONSOLE)] {
        registry.claim_from(name, number, 1).expect("nobody had a number before");
    }
    registry
});

/// The names that are in `/dev` from the start, with their modes, whether the device is there yet or not.
pub fn first_names() -> impl Iterator<Item = (DeviceNumber, &'static str, u16)> {
    let memory = memory::NAMES.into_iter().map(|(number, name)| (number, name, 0o666));
    memory.chain([(TTY, "tty", 0o666), (CONSOLE, "console", 0o600)])
}

/// All character devices of the machine. The first to ask sets it up, with the devices that are always there.
pub fn registry() -> &'static Registry<Kernel> {
    &REGISTRY
}
