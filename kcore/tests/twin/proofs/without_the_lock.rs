//! The data is looked at without the lock.
//!
//! Code: E0609
//! Races: R1 R2 R3 R6 R7

use kcore::host::HostMachine;
use kcore::twin::Device;

pub fn is_empty(device: &Device<HostMachine>) -> bool {
    #[cfg(wrong)]
    return device.data.items.is_empty();
    #[cfg(not(wrong))]
    return device.data.lock().items.is_empty();
}
