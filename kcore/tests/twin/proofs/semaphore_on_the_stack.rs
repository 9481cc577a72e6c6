//! A task is given a semaphore that lies on the stack of another one, which need not wait for it.
//!
//! Code: E0597
//! Races: R21

use std::sync::Arc;
use std::thread;

use kcore::event::Class;
use kcore::host::HostMachine;
use kcore::sync::Semaphore;

pub fn wait() {
    #[cfg(wrong)]
    let (owned, semaphore) = {
        let owned = Semaphore::<HostMachine>::new(Class::EVENT, 0);
        (true, &owned)
    };
    #[cfg(not(wrong))]
    let (owned, semaphore) = {
        let owned = Arc::new(Semaphore::<HostMachine>::new(Class::EVENT, 0));
        (Arc::clone(&owned), owned)
    };
    thread::spawn(move || semaphore.up());
    drop(owned);
}
