//! One task takes the lock, another one is to give it back.
//!
//! Code: E0277
//! Races: R27

use kcore::host::HostMachine;
use kcore::twin::Device;

pub fn hand_over(device: &Device<HostMachine>) {
    let held = device.data.lock();
    std::thread::scope(|scope| {
        #[cfg(wrong)]
        scope.spawn(move || drop(held));
        #[cfg(not(wrong))]
        scope.spawn(|| device.data.lock().size);
        #[cfg(not(wrong))]
        drop(held);
    });
}
