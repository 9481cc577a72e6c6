//! Names that drivers give to things, and texts of their lines, which are told of when the driver is gone.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;

use kcore::class;

use crate::machine::SpinLock;

/// All so far, each once. They stay.
static KEPT: SpinLock<BTreeSet<&'static str>> =
    SpinLock::new(class!("names that drivers give"), BTreeSet::new());

/// The same text, for ever, with a zero behind it for C.
pub(crate) fn kept(name: &str) -> &'static str {
    let known = KEPT.lock_irqsave().get(name).copied();
    known.unwrap_or_else(|| {
        let with_zero: String = [name, "\0"].concat();
        let name: &'static str = &Box::leak(with_zero.into_boxed_str())[..name.len()];
        KEPT.lock_irqsave().insert(name);
        name
    })
}
