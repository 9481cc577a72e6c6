//! What drivers read and write, as events at their lines.

use core::ffi::c_void;
use core::ops::Range;

use kcore::event::{Access, Events, Kinds, Op, Site, What};
use kcore::place::Place;

use super::{blocks, frame, variables};
use crate::machine::Kernel;
use crate::mm::images;
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

/// What a driver is about to do with some bytes.
pub(super) struct Use<'u> {
    pub(super) op: Op,
    pub(super) address: usize,
    pub(super) size: usize,
    place: &'u dyn Fn() -> Place,
}

impl<'u> Use<'u> {
    /// What is done with `bytes` at that line.
    pub(super) fn of(op: Op, bytes: &Range<usize>, place: &'u dyn Fn() -> Place) -> Self {
        Use { op, address: bytes.start, size: bytes.len(), place }
    }

    pub(super) fn bytes(&self) -> Range<usize> {
        self.address..self.address + self.size
    }

    /// At which line.
    pub(super) fn place(&self) -> Place {
        (self.place)()
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.op, Op::Load | Op::Look | Op::Read)
    }

    /// What is done with them, in a word.
    pub(super) fn word(&self) -> &'static str {
        if self.is_read() { "read" } else { "written" }
    }
}

/// What a line calls what it uses.
pub(super) fn name_of(at: Place) -> &'static str {
    at.of_driver().map_or(&UNKNOWN, |line| &line.site).name
}

#[inline]
fn tells(kind: Kinds, op: Op, address: usize, size: usize, place: impl Fn() -> Option<Place>) {
    if Kernel::wanted().intersects(kind | Kinds::CHECKS) {
        let place = || place().unwrap_or(Place::caller());
        tell(kind, &Use { op, address, size, place: &place });
    }
}

/// Where it is done is looked for if that is to be known.
#[cold]
#[inline(never)]
fn tell(kind: Kinds, used: &Use<'_>) {
    if Kernel::wanted().contains(kind) && !explorer::is_between() {
        let at = used.place();
        let site = at.of_driver().map_or(&UNKNOWN, |line| &line.site);
        let Use { op, address, size, .. } = *used;
        Kernel::tell(What::Access(Access { site, op, address, size }), at);
    }
    if Kernel::wanted().contains(Kinds::CHECKS) {
        check(used);
    }
}

/// Holds it against what the driver has: variables, blocks, frames. Each is where no other is.
fn check(used: &Use<'_>) {
    if images::contains(used.address as u64) {
        variables::check(used);
    } else if !blocks::check(used) {
        frame::check(used);
    }
}

/// It is about to use what the API keeps there, called so: a timer, a work.
#[inline]
#[track_caller]
pub(super) fn uses<T>(what: &str, at: *const T) {
    if Kernel::wanted().contains(Kinds::CHECKS) {
        blocks::uses(format_args!("{what}"), at.addr(), Place::caller());
    }
}

/// What was read decides what the driver does next.
#[inline]
#[track_caller]
pub(super) fn decides(at: *const u8, size: usize) {
    checked(Op::Read, at, size, blocks::decides);
}

/// It goes to the process.
#[inline]
#[track_caller]
pub(super) fn leaves(at: *const u8, size: usize) {
    checked(Op::Read, at, size, blocks::leaves);
}

/// The API has written a run of bytes for a driver, which was no event.
#[inline]
#[track_caller]
pub(super) fn wrote<T>(at: *const T, size: usize) {
    checked(Op::Write, at.cast(), size, check);
}

/// The API is about to copy so many bytes for a driver.
#[inline]
pub(super) fn carries(to: *const u8, from: *const u8, size: usize) {
    if size > 0 && Kernel::wanted().contains(Kinds::CHECKS) {
        blocks::copied(to.addr(), from.addr(), size);
    }
}

#[inline]
#[track_caller]
fn checked(op: Op, at: *const u8, size: usize, check: impl FnOnce(&Use<'_>)) {
    if size > 0 && Kernel::wanted().contains(Kinds::CHECKS) {
        let here = Place::caller();
        check(&Use { op, address: at.addr(), size, place: &|| sites::of_driver(here) });
    }
}
