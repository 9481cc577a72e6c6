//! The list is looked up in one critical section and walked when that has ended.
//!
//! Code: E0716
//! Races: R13

use kcore::host::HostMachine;
use kcore::twin::Device;

pub fn arrays(device: &Device<HostMachine>) -> usize {
    #[cfg(wrong)]
    let items = device.data.lock().items.iter();
    #[cfg(not(wrong))]
    let data = device.data.lock();
    #[cfg(not(wrong))]
    let items = data.items.iter();
    items.flatten().count()
}
