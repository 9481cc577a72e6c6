//! A quantum is used that was never filled: old bytes of the heap, or poison.
//!
//! Code: E0381
//! Races: R4 R34

use kcore::twin::Quantum;

pub fn first_byte() -> u8 {
    let quantum: Quantum;
    #[cfg(not(wrong))]
    {
        quantum = vec![0; 4000].into();
    }
    quantum[0]
}
