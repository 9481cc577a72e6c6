//! The address of each name that is offered.

use super::api::all::*;

/// A function.
struct Offered {
    name: &'static str,
    at: *const (),
}

// SAFETY: the address of a function never changes.
unsafe impl Sync for Offered {}

macro_rules! table {
    ($($name:ident)+) => { &[$(Offered { name: stringify!($name), at: $name as *const () }),+] };
}

/// All of them. A name without a function does not compile.
static ALL: &[Offered] = kcore::offered_names!(table);

/// Where the function called `name` is.
pub(super) fn find(name: &str) -> Option<u64> {
    let offered = ALL.iter().find(|offered| offered.name == name)?;
    Some(offered.at.expose_provenance() as u64)
}
