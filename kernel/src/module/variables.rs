//! The variables of drivers: each has bytes around it that are none's, so that what is used there is known to be
//! out of bounds.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Range;

use kcore::class;
use kcore::module::{GAP, Wrong};
use kcore::report::place;
use kcore::sort;

use super::access::{Use, name_of};
use super::finding::{is_news, keep_from, wrong};
use crate::machine::SpinLock;

/// A variable, or what lies together in the file of a driver.
#[derive(Clone, Debug)]
struct Variable {
    bytes: Range<usize>,
    name: String,
}

/// Of all drivers, by address.
static ALL: SpinLock<Vec<Variable>> = SpinLock::new(class!("variables of drivers"), Vec::new());

/// A driver with these variables lies in `image` now, and nothing else does.
pub(super) fn add(image: &Range<u64>, variables: impl Iterator<Item = (Range<u64>, String)>) {
    let new =
        variables.map(|(bytes, name)| Variable { bytes: bytes.start as usize..bytes.end as usize, name });
    let mut all = ALL.lock().clone();
    all.retain(|known| !image.contains(&(known.bytes.start as u64)));
    all.extend(new);
    sort::any(&mut all, |a, b| a.bytes.start < b.bytes.start);
    let before = core::mem::replace(&mut *ALL.lock_irqsave(), all);
    drop(before);
}

/// What a driver is about to do where its image is, or another's, is held against the variables.
pub(super) fn check(used: &Use<'_>) {
    let Some(Variable { bytes: of, name }) = missed(&used.bytes()) else { return };
    let at = used.place();
    if !is_news(at) {
        return;
    }
    let (size, what, site, file, length) = (used.size, used.word(), name_of(at), place(at), of.len());
    let (distance, side) = match used.address.checked_sub(of.start) {
        Some(offset) => (offset, "from the start of"),
        None => (of.start - used.address, "before"),
    };
    wrong(Wrong::Beyond, |text| {
        write!(
            text,
            "{size} bytes are {what} for {site} at {file}, {distance} bytes {side} {name}, a variable of {length} bytes"
        )
    });
    keep_from(used);
}

/// The variable beside which `bytes` are, or of which they are only a part; nothing if they are all of one.
fn missed(bytes: &Range<usize>) -> Option<Variable> {
    let all = ALL.lock_irqsave();
    let after = all.partition_point(|known| known.bytes.start <= bytes.start);
    let before = all[..after].last().filter(|known| bytes.start < known.bytes.end + GAP);
    if before.is_some_and(|known| bytes.end <= known.bytes.end) {
        return None;
    }
    before.or_else(|| all.get(after).filter(|known| known.bytes.start < bytes.end + GAP)).cloned()
}
