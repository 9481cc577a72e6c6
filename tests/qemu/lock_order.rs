//! The order of locks: what a run observes does not run against the page.

use lab::documents::lock_order::{LockOrder, SOME};
use libtest_mimic::Trial;
use tests::ensure::{Answer, holds, same};

const PAGE: &str = include_str!("../../docs/LOCK_ORDER.md");

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("lock-order", || Ok(order()?))]
}

/// What is taken under a lock is in part a matter of luck: which task waits or loses its CPU. So it need not
/// be on the page, but may not run against it.
fn order() -> Answer {
    let known = LockOrder::read(PAGE);
    let observed = LockOrder::observe(SOME).map_err(|failure| failure.message)?;
    // Of a kernel that tells nothing, nothing would be wrong.
    let all = observed.lacking(&LockOrder::default());
    holds("much is observed", all.iter().any(|line| line == "kept stacks is taken under run queue"))?;
    same(
        "classes that docs/LOCK_ORDER.md does not know (write it by cargo lock-order)",
        observed.unknown_to(&known),
        Vec::new(),
    )?;
    same(
        "classes that the page and these machines have in a circle",
        known.and(&observed).circle(),
        Vec::new(),
    )
}
