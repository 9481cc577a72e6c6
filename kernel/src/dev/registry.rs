//! All character devices of the machine.

use kcore::dev::{Cdev, DeviceNumber, Module, Registry};
use spin::LazyLock;

use super::{attached, memory};
use crate::machine::Kernel;

static REGISTRY: LazyLock<Registry<Kernel>> = LazyLock::new(|| {
    let (registry, kernel) = (Registry::new(), Module::new("kernel"));
    let mem = registry.claim("mem", Some(memory::MAJOR), memory::MINORS);
    mem.expect("nobody had a number before");
    for (number, name) in memory::NAMES {
        let device = Cdev::new(number, name, &kernel, memory::device(name));
        registry.add(device).expect("each has a number of its own");
    }
    for (name, number) in [("/dev/tty", attached::TTY), ("/dev/console", attached::CONSOLE)] {
        registry.claim_from(name, number, 1).expect("nobody had a number before");
    }
    registry
});

/// The names that are in `/dev` from the start, with their modes, whether the device is there yet or not.
pub fn first_names() -> impl Iterator<Item = (DeviceNumber, &'static str, u16)> {
    let memory = memory::NAMES.into_iter().map(|(number, name)| (number, name, 0o666));
    memory.chain([(attached::TTY, "tty", 0o666), (attached::CONSOLE, "console", 0o600)])
}

/// All character devices of the machine. The first to ask sets it up, with the devices that are always there.
pub fn registry() -> &'static Registry<Kernel> {
    &REGISTRY
}
