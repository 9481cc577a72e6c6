//! Contestants that take turns.
//!
//! Each figure is the median of [`SAMPLES`], with the least and the most of them; contestants of one
//! discipline take turns, so that a change of the host's speed meets them all.

use alloc::vec::Vec;

use kcore::sort;

use crate::arch::cpu;

/// Measurements of each contestant.
const SAMPLES: usize = 9;

/// One contestant: a name and a function that makes a number of operations.
pub(super) type Contestant = (&'static str, fn(u64));

/// What it came to, in cycles.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    pub(super) least: u64,
    pub(super) median: u64,
    pub(super) most: u64,
}

/// The cycles that `work` takes.
pub(super) fn timed(work: impl FnOnce()) -> u64 {
    let began = cpu::cycles();
    work();
    cpu::cycles() - began
}

/// The [`SAMPLES`] measurements of each contestant, which `measure` makes.
pub(super) fn in_turn<C>(
    contestants: &[(&'static str, C)],
    measure: &dyn Fn(&C) -> u64,
) -> Vec<(&'static str, Spread)> {
    let mut samples: Vec<[u64; SAMPLES]> = contestants.iter().map(|_| [0; SAMPLES]).collect();
    for turn in 0..SAMPLES {
        for ((_, contestant), samples) in contestants.iter().zip(&mut samples) {
            samples[turn] = measure(contestant);
        }
    }
    contestants.iter().zip(samples).map(|(&(name, _), samples)| (name, Spread::of(samples))).collect()
}

impl Spread {
    fn of(mut samples: [u64; SAMPLES]) -> Spread {
        sort::any(&mut samples, |a, b| a < b);
        Spread { least: samples[0], median: samples[SAMPLES / 2], most: samples[SAMPLES - 1] }
    }
}
