//! The order of locks: what a run observes is on the page, and nothing is taken in a circle.

use lab::documents::lock_order::{LockOrder, SOME};
use libtest_mimic::Trial;
use tests::ensure::{Answer, holds, same};

const PAGE: &str = include_str!("../../docs/LOCK_ORDER.md");

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("lock-order", || Ok(order()?))]
}

fn order() -> Answer {
    let known = LockOrder::read(PAGE);
    same("classes that the page has in a circle", known.circle(), Vec::new())?;
    let observed = LockOrder::observe(SOME).map_err(|failure| failure.message)?;
    // Of a kernel that tells nothing, nothing would be wrong.
    let all = observed.lacking(&LockOrder::default());
    holds("much is observed", all.iter().any(|line| line == "kept stacks is taken under run queue"))?;
    same("classes in a circle", observed.circle(), Vec::new())?;
    same(
        "what docs/LOCK_ORDER.md does not know (write it by cargo lock-order)",
        observed.lacking(&known),
        Vec::new(),
    )
}
