//! Names that drivers give to things, which are told of when the driver is gone.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::class;

use crate::machine::SpinLock;

/// All so far, each once. They stay.
static KEPT: SpinLock<Vec<&'static str>> = SpinLock::new(class!("names that drivers give"), Vec::new());

/// The same text, for ever, with a zero behind it for C.
pub(super) fn kept(name: &str) -> &'static str {
    if let Some(known) = KEPT.lock_irqsave().iter().find(|known| **known == name) {
        return known;
    }
    let with_zero: String = [name, "\0"].concat();
    let name = &Box::leak(with_zero.into_boxed_str())[..name.len()];
    KEPT.lock_irqsave().push(name);
    name
}
