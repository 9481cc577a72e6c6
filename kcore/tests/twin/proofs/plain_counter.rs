//! Two threads add to one plain number.
//!
//! Code: E0499
//! Races: R14

use kcore::host::HostMachine;
use kcore::sync::Mutex;

#[cfg(wrong)]
pub fn count(number: &mut usize) {
    std::thread::scope(|scope| {
        scope.spawn(|| *number += 1);
        scope.spawn(|| *number += 1);
    });
}

#[cfg(not(wrong))]
pub fn count(number: &Mutex<usize, HostMachine>) {
    std::thread::scope(|scope| {
        scope.spawn(|| *number.lock() += 1);
        scope.spawn(|| *number.lock() += 1);
    });
}
