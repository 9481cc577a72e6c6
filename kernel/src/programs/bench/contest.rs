//! Contestants that take turns.
//!
//! Each figure is the median of [`SAMPLES`]; contestants of one discipline take turns, so that a change of
//! the host's speed meets them all.

use alloc::vec::Vec;

use crate::arch::cpu;

/// Measurements of each contestant.
const SAMPLES: usize = 9;

/// One contestant: a name and a function that makes a number of operations.
pub(super) type Contestant = (&'static str, fn(u64));

/// The cycles that `work` takes.
pub(super) fn timed(work: impl FnOnce()) -> u64 {
    let began = cpu::cycles();
    work();
    cpu::cycles() - began
}

/// The median of [`SAMPLES`] measurements of each contestant.
pub(super) fn median_in_turn(
    contestants: &[Contestant],
    measure: &dyn Fn(fn(u64)) -> u64,
) -> Vec<(&'static str, u64)> {
    let mut samples: Vec<[u64; SAMPLES]> = contestants.iter().map(|_| [0; SAMPLES]).collect();
    for turn in 0..SAMPLES {
        for (&(_, work), samples) in contestants.iter().zip(&mut samples) {
            samples[turn] = measure(work);
        }
    }
    contestants.iter().zip(samples).map(|(&(name, _), samples)| (name, median(samples))).collect()
}

/// The one that as many are smaller than as are greater.
fn median(samples: [u64; SAMPLES]) -> u64 {
    let rank = |sample: u64| samples.iter().filter(|other| **other < sample).count();
    // Equal ones share the lowest rank of theirs.
    samples.into_iter().filter(|sample| rank(*sample) <= SAMPLES / 2).max().unwrap_or(0)
}
