//! A quantum is written to after the lock was given back.
//!
//! Code: E0505
//! Races: R2 R8

use kcore::host::HostMachine;
use kcore::scull::Place;
use kcore::twin::Device;

pub fn write(device: &Device<HostMachine>, place: Place) {
    let mut data = device.data.lock();
    let Ok(quantum) = data.quantum_mut(place) else { return };
    #[cfg(wrong)]
    drop(data);
    quantum.fill(1);
    #[cfg(not(wrong))]
    drop(data);
}
