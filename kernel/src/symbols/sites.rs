//! The lines at which drivers in C call the kernel: for each access to memory, and for all else. They are the
//! places of what is told of these calls.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{
    AtomicPtr, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Release},
};

use kcore::class;
use kcore::event::Site;
use kcore::module::expression;
use kcore::place::{Line, Place};
use kcore::sync::{Mutex, Own};

use super::names::kept;
use crate::machine::Kernel;
use crate::mm::{backtrace, images};

/// By the return address of each call, in order.
type Sites = Vec<(u64, Place)>;

/// The sites of an image. The end is 0 in an empty entry.
struct Entry {
    start: AtomicU64,
    end: AtomicU64,
    sites: AtomicPtr<Sites>,
}

static ENTRIES: [Entry; images::MOST] = [const {
    Entry { start: AtomicU64::new(0), end: AtomicU64::new(0), sites: AtomicPtr::new(ptr::null_mut()) }
}; images::MOST];

/// No entry from here on was ever used.
static USED: AtomicUsize = AtomicUsize::new(0);

/// All lines so far, each once. They stay, for reports of a driver that is gone.
static LINES: Mutex<BTreeSet<&'static Line>, Kernel> =
    Mutex::new(Own(class!("lines of drivers")), BTreeSet::new());

/// The calls in `text` are at these places.
pub(super) fn add(text: Range<u64>, sites: Sites) {
    let is_free = |entry: &Entry| entry.end.compare_exchange(0, text.end, AcqRel, Acquire).is_ok();
    if let Some(index) = ENTRIES.iter().position(is_free) {
        ENTRIES[index].sites.store(Box::into_raw(Box::new(sites)), Release);
        ENTRIES[index].start.store(text.start, Release);
        USED.fetch_max(index + 1, AcqRel);
    }
}

/// The code that begins at `start` is gone.
pub(super) fn remove(start: u64) {
    let Some(entry) = ENTRIES.iter().find(|entry| entry.start.load(Acquire) == start) else { return };
    entry.start.store(0, Release);
    let sites = entry.sites.swap(ptr::null_mut(), AcqRel);
    // SAFETY: `add` has made it of a box. It is looked at for the sake of code that runs or is returned to,
    // of which there is none any more.
    drop(unsafe { Box::from_raw(sites) });
    entry.end.store(0, Release);
}

/// A line, with what it accesses at that character; `sources` are the lines of the files whose text is known.
pub(super) fn line((file, line, column): (&str, u32, u32), sources: &[(&str, Vec<&str>)]) -> Place {
    let source = sources.iter().find(|(name, _)| name.ends_with(file) || file.ends_with(name));
    // As it was given to the compiler.
    let file = source.map_or(file, |(name, _)| *name);
    let text = source.and_then(|(_, lines)| lines.get(line.checked_sub(1)? as usize));
    let name = match text {
        Some(text) => kept(expression::at(text, column)),
        None => kept(&format!("{}:{line}", file.rsplit('/').next().unwrap_or(file))),
    };
    let line = Line { file: kept(file), line, column, site: Site::new(name) };
    let mut lines = LINES.lock();
    if let Some(known) = lines.get(&line) {
        return Place::of_line(known);
    }
    let line: &'static Line = Box::leak(Box::new(line));
    lines.insert(line);
    Place::of_line(line)
}

/// The sites of the driver whose code is at `address`, which stays as long as they are used: the caller is in a
/// call of it, or knows that it is loaded.
fn around(address: u64) -> Option<&'static Sites> {
    let is_in = |entry: &&Entry| (entry.start.load(Acquire)..entry.end.load(Acquire)).contains(&address);
    let entry = ENTRIES[..USED.load(Acquire)].iter().find(is_in)?;
    // SAFETY: null, or what `add` has made, which stays as long as the code at the address.
    unsafe { entry.sites.load(Acquire).as_ref() }
}

/// The line of a driver to which a call returns at `address`. The caller is in that call.
pub(crate) fn at(address: u64) -> Option<Place> {
    if !images::contains(address) {
        return None;
    }
    let sites = around(address)?;
    let index = sites.binary_search_by_key(&address, |(address, _)| *address).ok()?;
    Some(sites[index].1)
}

/// The first line of the driver's function at `start` from which it calls the kernel. The driver is loaded.
pub(crate) fn of_function(start: usize) -> Option<Place> {
    let sites = around(start as u64)?;
    let index = sites.partition_point(|(address, _)| *address <= start as u64);
    sites.get(index).map(|(_, place)| *place)
}

/// Where the functions are that drivers call.
const API: &str = "kernel/src/module/";
/// How far a driver is from what is told for it, in calls.
const NEAR: usize = 12;

/// The line of the driver for which the code at `place` does something, if that is the API's; else the place.
pub(crate) fn of_driver(place: Place) -> Place {
    // Most are told apart by one character.
    let is_near = |file: &str| file.as_bytes().get(API.len() - 1) == Some(&b'/') && file.starts_with(API);
    let has_driver = USED.load(Acquire) > 0;
    if !has_driver || place.of_driver().is_some() || !is_near(place.file()) {
        return place;
    }
    let (mut left, mut line) = (NEAR, None);
    backtrace::until(backtrace::frame_pointer(), |address| {
        left -= 1;
        line = at(address);
        line.is_some() || left == 0
    });
    line.unwrap_or(place)
}
