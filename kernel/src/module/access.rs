//! What drivers read and write, as events at their lines.

use core::ffi::c_void;

use kcore::event::{Access, Events, Kinds, Op, Site, What};
use kcore::place::Place;

use super::blocks;
use crate::machine::Kernel;
use crate::observe::explorer;
use crate::symbols::sites;

/// Of whose line nothing is known.
static UNKNOWN: Site = Site::new("memory of a driver");

/// The compiler's code at `from` is about to load so many bytes.
pub(super) extern "C" fn loads(at: *const c_void, size: usize, from: u64) {
    tells(Kinds::LOADS, Op::Load, at.addr(), size, || sites::at(from));
}

/// It is about to store so many.
pub(super) extern "C" fn stores(at: *const c_void, size: usize, from: u64) {
    tells(Kinds::STORES, Op::Assign, at.addr(), size, || sites::at(from));
}

/// The API is about to read or write a run of bytes for a driver.
#[inline]
#[track_caller]
pub(super) fn copies(op: Op, at: *const u8, size: usize) {
    let here = Place::caller();
    if size > 0 {
        tells(Kinds::UNSTEERED, op, at.addr(), size, || Some(sites::of_driver(here)));
    }
}

/// It is about to use an atomic variable of a driver.
#[inline]
#[track_caller]
pub(super) fn touches<A>(op: Op, at: *const A) {
    let here = Place::caller();
    tells(Kinds::UNSTEERED, op, at.addr(), size_of::<A>(), || Some(sites::of_driver(here)));
}

#[inline]
fn tells(kind: Kinds, op: Op, address: usize, size: usize, place: impl Fn() -> Option<Place>) {
    if Kernel::wanted().intersects(kind | Kinds::CHECKS) {
        tell(kind, op, address, size, &|| place().unwrap_or(Place::caller()));
    }
}

/// Where it is done is looked for if that is to be known.
#[cold]
#[inline(never)]
fn tell(kind: Kinds, op: Op, address: usize, size: usize, place: &dyn Fn() -> Place) {
    if Kernel::wanted().contains(kind) && !explorer::is_between() {
        let at = place();
        let site = at.of_driver().map_or(&UNKNOWN, |line| &line.site);
        Kernel::tell(What::Access(Access { site, op, address, size }), at);
    }
    if Kernel::wanted().contains(Kinds::CHECKS) {
        let stores = !matches!(op, Op::Load | Op::Look | Op::Read);
        blocks::check(address, size, stores, || {
            let at = place();
            (at.of_driver().map_or(&UNKNOWN, |line| &line.site).name, at)
        });
    }
}
