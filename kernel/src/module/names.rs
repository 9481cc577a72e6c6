//! Names that drivers give to things, which are told of when the driver is gone.

use alloc::boxed::Box;
use alloc::vec::Vec;

use kcore::class;

use crate::machine::SpinLock;

/// All so far, each once. They stay.
static KEPT: SpinLock<Vec<&'static str>> = SpinLock::new(class!("names that drivers give"), Vec::new());

/// The same text, for ever.
pub(super) fn kept(name: &str) -> &'static str {
    if let Some(known) = KEPT.lock_irqsave().iter().find(|known| **known == name) {
        return known;
    }
    let name = Box::leak(Box::<str>::from(name));
    KEPT.lock_irqsave().push(name);
    name
}
