//! Names that drivers give to things, and texts of their lines, which are told of when the driver is gone.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use kcore::class;

use crate::machine::SpinLock;

/// All so far, each once. They stay.
static KEPT: SpinLock<BTreeSet<&'static str>> =
    SpinLock::new(class!("names that drivers give"), BTreeSet::new());

/// The same text, for ever.
pub(crate) fn kept(name: &str) -> &'static str {
    let known = KEPT.lock_irqsave().get(name).copied();
    known.unwrap_or_else(|| {
        let name = Box::leak(Box::<str>::from(name));
        KEPT.lock_irqsave().insert(name);
        name
    })
}
