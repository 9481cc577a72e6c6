//! The list is taken out of the device and goes on in a second one.
//!
//! Code: E0507
//! Races: R3

use kcore::host::HostMachine;
use kcore::twin::{Device, Slots};

pub fn branch(device: &Device<HostMachine>) -> Vec<Option<Slots>> {
    #[cfg(wrong)]
    return device.data.lock().items;
    #[cfg(not(wrong))]
    return core::mem::take(&mut device.data.lock().items);
}
