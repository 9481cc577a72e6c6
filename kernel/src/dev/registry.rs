//! All character devices of the machine.

use kcore::dev::{Cdev, DeviceNumber, Module, Registry};
use spin::LazyLock;

use super::{attached, memory};
use crate::machine::Kernel;

static REGISTRY: LazyLock<Registry<Kernel>> = LazyLock::new(|| {
    let (registry, kernel) = (Registry::new(), Module::new("kernel"));
    let mem = registry.claim("mem", Some(memory::MAJOR), memory::MINORS);
    mem.expect("nobody had a number before");
    for (minor, name, device) in memory::devices() {
        let number = DeviceNumber { major: memory::MAJOR, minor };
        registry.add(Cdev::new(number, name, &kernel, device)).expect("each has a number of its own");
    }
    for (name, number) in [("/dev/tty", attached::TTY), ("/dev/console", attached::CONSOLE)] {
        registry.claim_from(name, number, 1).expect("nobody had a number before");
    }
    registry
});

/// All character devices of the machine. The first to ask sets it up, with the devices that are always there.
pub fn registry() -> &'static Registry<Kernel> {
    &REGISTRY
}
