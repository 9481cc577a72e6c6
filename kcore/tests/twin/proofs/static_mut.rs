//! A number that every task may write to, as C has it.
//!
//! Code: E0133
//! Races: R14 R22 R23

use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(wrong)]
static mut TAKEN: usize = 0;
#[cfg(not(wrong))]
static TAKEN: AtomicUsize = AtomicUsize::new(0);

pub fn take() {
    #[cfg(wrong)]
    {
        TAKEN = 1;
    }
    #[cfg(not(wrong))]
    TAKEN.store(1, Ordering::Release);
}
