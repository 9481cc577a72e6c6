//! The size of a quantum is read before the lock is taken.
//!
//! Code: E0609
//! Races: R11

use kcore::host::HostMachine;
use kcore::scull::Place;
use kcore::twin::Device;

pub fn place(device: &Device<HostMachine>, position: usize) -> Place {
    #[cfg(wrong)]
    let geometry = device.data.geometry;
    let data = device.data.lock();
    #[cfg(not(wrong))]
    let geometry = data.geometry;
    drop(data);
    geometry.place(position)
}
