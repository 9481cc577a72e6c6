//! A function takes the lock, finds a quantum, and returns a reference to it.
//!
//! Code: E0515
//! Races: R8

use kcore::host::HostMachine;
use kcore::scull::Place;
use kcore::twin::Device;

#[cfg(wrong)]
pub fn find(device: &Device<HostMachine>, place: Place) -> Option<&[u8]> {
    let data = device.data.lock();
    data.quantum(place)
}

#[cfg(not(wrong))]
pub fn find(device: &Device<HostMachine>, place: Place) -> Option<Box<[u8]>> {
    let data = device.data.lock();
    data.quantum(place).map(Box::from)
}
