//! Memory: frames, stacks with guards, and the heap with its account.

pub mod frames;
pub mod heap;
pub mod kmemleak;
pub mod kmemleak_test;
pub mod stacks;
