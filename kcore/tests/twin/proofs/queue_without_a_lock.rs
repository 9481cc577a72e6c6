//! Two tasks have one queue, with a cell around it and no lock.
//!
//! Code: E0277
//! Races: R30

use std::collections::VecDeque;

use kcore::host::HostMachine;

#[cfg(wrong)]
pub fn add_and_remove(queue: &std::cell::RefCell<VecDeque<u32>>) {
    std::thread::scope(|scope| {
        scope.spawn(|| queue.borrow_mut().push_back(1));
        queue.borrow_mut().pop_front();
    });
}

#[cfg(not(wrong))]
pub fn add_and_remove(queue: &kcore::sync::SpinLock<VecDeque<u32>, HostMachine>) {
    std::thread::scope(|scope| {
        scope.spawn(|| queue.lock().push_back(1));
        queue.lock().pop_front();
    });
}
