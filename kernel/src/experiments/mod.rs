//! The experiments.

pub mod crew;
