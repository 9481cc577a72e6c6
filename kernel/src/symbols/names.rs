//! Names that drivers give to things, and texts of their lines, which are told of when the driver is gone.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::class;

use crate::machine::SpinLock;

/// All so far, each once, in order. They stay.
static KEPT: SpinLock<Vec<&'static str>> = SpinLock::new(class!("names that drivers give"), Vec::new());

/// The same text, for ever, with a zero behind it for C.
pub(crate) fn kept(name: &str) -> &'static str {
    let mut kept = KEPT.lock_irqsave();
    let at = match kept.binary_search(&name) {
        Ok(at) => return kept[at],
        Err(at) => at,
    };
    let with_zero: String = [name, "\0"].concat();
    let new: &'static str = &Box::leak(with_zero.into_boxed_str())[..name.len()];
    kept.insert(at, new);
    new
}
