//! An array is hung into the list first and cleared afterwards.
//!
//! Code: E0382
//! Races: R4

use kcore::twin::{Data, Slots};

pub fn hang(data: &mut Data, mut slots: Slots) {
    #[cfg(not(wrong))]
    slots.fill(None);
    data.items.push(Some(slots));
    #[cfg(wrong)]
    slots.fill(None);
}
