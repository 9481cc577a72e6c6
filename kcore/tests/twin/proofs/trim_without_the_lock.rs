//! A device with access control empties its device as it is opened, and forgets the lock.
//!
//! Code: E0599
//! Races: R12

use kcore::host::HostMachine;
use kcore::twin::Device;

pub fn open(device: &Device<HostMachine>) {
    #[cfg(wrong)]
    device.data.trim();
    #[cfg(not(wrong))]
    device.data.lock().trim();
}
