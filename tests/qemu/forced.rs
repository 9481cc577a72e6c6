//! What the explorer has found on the host, forced on the CPUs of a machine: the same steps in the same order
//! give the same verdict.

use lab::explore;
use libtest_mimic::Trial;
use tests::Case;

/// Experiments whose shortest counterexample a kernel can be made to repeat. The others are seen from within
/// their primitives.
const FEWEST: usize = 30;

pub(crate) fn trials() -> Vec<Trial> {
    let forced = explore::forced().expect("the catalogue can be explored");
    assert!(forced.len() >= FEWEST, "only {} can be forced", forced.len());
    // Each expects the verdict that the host has come to, which is its exit status.
    let case = |(name, words): (&str, Vec<String>)| Case::new(format!("forced::{name}"), words.join(" "));
    forced.into_iter().map(case).map(Case::trial).collect()
}
