//! The lock is given back twice.
//!
//! Code: E0382
//! Races: R27

use kcore::host::HostMachine;
use kcore::twin::Device;

pub fn close(device: &Device<HostMachine>) {
    let held = device.data.lock();
    drop(held);
    #[cfg(wrong)]
    drop(held);
}
