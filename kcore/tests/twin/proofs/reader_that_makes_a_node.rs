//! A function that only reads fills a hole in the list.
//!
//! Code: E0596
//! Races: R5

use kcore::scull::Place;
use kcore::twin::Data;

pub fn read(data: &Data, place: Place) -> Option<u8> {
    #[cfg(wrong)]
    return data.quantum_mut(place).ok()?.first().copied();
    #[cfg(not(wrong))]
    return data.quantum(place)?.first().copied();
}
