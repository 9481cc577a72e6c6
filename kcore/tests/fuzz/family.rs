//! What is driven: some devices, and how one sees that they are sound.

use std::sync::Arc;

use kcore::dev::{Cdev, CharDevice, DeviceNumber, Module, Region, Registry};
use kcore::host::HostMachine;

/// Devices that are driven together.
pub(crate) struct Family {
    /// The name of the module.
    pub(crate) name: &'static str,
    /// The devices; their minors are their indices.
    pub(crate) devices: Vec<Arc<dyn CharDevice<HostMachine>>>,
    /// Commands that they know; others are tried, too.
    pub(crate) commands: &'static [u32],
    /// Panics when something is wrong. Called now and then, while no call is under way.
    pub(crate) check: Box<dyn Fn() + Sync>,
}

/// The major number of all of them.
const MAJOR: u32 = 240;

/// A family that can be opened.
pub(crate) struct Plugged {
    pub(crate) registry: Registry<HostMachine>,
    pub(crate) numbers: Vec<DeviceNumber>,
    region: Region,
}

impl Plugged {
    pub(crate) fn new(family: &Family) -> Self {
        let (registry, module) = (Registry::new(), Module::new(family.name));
        let region = registry.claim(family.name, Some(MAJOR), family.devices.len() as u32).unwrap();
        let numbers: Vec<_> =
            (0..family.devices.len() as u32).map(|minor| DeviceNumber { major: MAJOR, minor }).collect();
        for (number, device) in numbers.iter().zip(&family.devices) {
            registry.add(Cdev::new(*number, family.name, &module, Arc::clone(device))).unwrap();
        }
        Plugged { registry, numbers, region }
    }

    pub(crate) fn unplug(self) {
        for number in &self.numbers {
            self.registry.remove(*number).unwrap();
        }
        self.registry.give_back(&self.region);
    }
}
