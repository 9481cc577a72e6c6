//! A quantum is read after the device was emptied, under one and the same lock.
//!
//! Code: E0502
//! Races: R8

use kcore::host::HostMachine;
use kcore::scull::Place;
use kcore::twin::Device;

pub fn last_words(device: &Device<HostMachine>, place: Place) -> Option<u8> {
    let mut data = device.data.lock();
    let quantum = data.quantum(place)?;
    #[cfg(wrong)]
    data.trim();
    let first = quantum.first().copied();
    #[cfg(not(wrong))]
    data.trim();
    first
}
