//! A list is freed, and then freed again.
//!
//! Code: E0382
//! Races: R9

use kcore::twin::Slots;

pub fn free(list: Vec<Option<Slots>>) {
    drop(list);
    #[cfg(wrong)]
    drop(list);
}
