//! What the explorer has found on the host, forced on the CPUs of a machine: the same steps in the same order
//! give the same verdict.

use lab::explore;
use libtest_mimic::Trial;
use tests::Case;
use tests::case::steps;
use tests::ensure::same;

/// Experiments whose shortest counterexample a kernel can be made to repeat: all that the host explores.
const FEWEST: usize = 32;
/// In so many machines each is repeated, if that is asked for: half as many machines as all other tests boot.
const OFTEN: usize = 20;

pub(crate) fn trials() -> Vec<Trial> {
    let forced = explore::forced().expect("the catalogue can be explored");
    assert!(forced.len() >= FEWEST, "only {} can be forced", forced.len());
    // Each expects the verdict that the host has come to, which is its exit status; and all steps are made.
    let case = |name: String, words: &[String]| {
        Case::new(name, words.join(" ")).check(|outcome| same("steps given up", steps(outcome), vec![]))
    };
    let trials = |(name, words): &(&str, Vec<String>)| {
        [case(format!("forced::{name}"), words).trial(), case(format!("often::{name}"), words).often(OFTEN)]
    };
    forced.iter().flat_map(trials).collect()
}
