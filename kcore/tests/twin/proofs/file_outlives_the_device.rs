//! The device goes while a file of it is open.
//!
//! Code: E0505
//! Races: R31

use kcore::host::HostMachine;
use kcore::scull::Mode;
use kcore::twin::Device;

pub fn unplug(device: Device<HostMachine>) -> Option<usize> {
    let mut file = device.open(Mode::Read).ok()?;
    #[cfg(wrong)]
    drop(device);
    let read = file.read(&mut [0; 10]).ok();
    #[cfg(not(wrong))]
    drop(device);
    read
}
