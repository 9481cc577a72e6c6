//! The size is set by a task that has locked for reading only.
//!
//! Code: E0594
//! Races: R6

use kcore::host::HostMachine;
use kcore::sync::RwLock;
use kcore::twin::Data;

pub fn grow(data: &RwLock<Data, HostMachine>, end: usize) {
    #[cfg(wrong)]
    let mut held = data.read();
    #[cfg(not(wrong))]
    let mut held = data.write();
    if held.size < end {
        held.size = end;
    }
}
