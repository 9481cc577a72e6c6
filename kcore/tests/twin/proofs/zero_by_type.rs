//! A quantum of 0 bytes, where the type has no 0.
//!
//! Code: E0308
//! Races: R34

use std::num::NonZeroUsize;

pub fn slot(position: usize, quantum: NonZeroUsize) -> usize {
    position / quantum
}

pub fn first() -> Option<usize> {
    #[cfg(wrong)]
    return Some(slot(0, 0));
    #[cfg(not(wrong))]
    return Some(slot(0, NonZeroUsize::new(4000)?));
}
