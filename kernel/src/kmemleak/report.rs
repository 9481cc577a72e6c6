//! What is read from `/sys/kernel/debug/kmemleak`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use kcore::counted::Counted;
use kcore::errno::Errno;
use kcore::place::Place;
use kcore::report::place;

use crate::mm::Text;

use super::scan::Found;
use super::state::{self, State};
use super::{clear_stack_below, object};
use kcore::sort;

/// Objects of one site that are shown; the others are counted.
const SHOWN: usize = 16;

/// The text of `/sys/kernel/debug/kmemleak`: the unreferenced objects of the last search, grouped by the line
/// that allocated them. Empty when there are none, or before the first search. [`Errno::ENOMEM`] without
/// memory for it.
pub fn report() -> Result<String, Errno> {
    let text = Text::of(write);
    // The addresses that were read must not lie about when the next search begins.
    clear_stack_below();
    text
}

/// The objects of one line of the source.
struct Site {
    at: Place,
    objects: u64,
    bytes: u64,
}

#[inline(never)]
fn write(text: &mut Text) -> fmt::Result {
    let state = state::lock();
    let sites = sites(&state);
    let Some(found) = state.found.filter(|_| !sites.is_empty()) else { return Ok(()) };
    summary(text, &found, &sites)?;
    for site in &sites {
        let mut before = None;
        for record in
            state.unreferenced().filter(|record| record.allocation.allocated_at == site.at).take(SHOWN)
        {
            text.write_str(&object::text(&record, before.as_ref()))?;
            before = Some(record);
        }
        if site.objects > SHOWN as u64 {
            let more = site.objects - SHOWN as u64;
            writeln!(text, "... and {more} more from {}: {SHOWN} of a place are shown", place(site.at))?;
        }
    }
    Ok(())
}

/// The sites, those with the most bytes first.
fn sites(state: &State) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for record in state.unreferenced() {
        let (at, size) = (record.allocation.allocated_at, record.allocation.size as u64);
        match sites.iter_mut().find(|site| site.at == at) {
            Some(site) => (site.objects, site.bytes) = (site.objects + 1, site.bytes + size),
            None => sites.push(Site { at, objects: 1, bytes: size }),
        }
    }
    sort::any(&mut sites, |a, b| a.bytes > b.bytes);
    sites
}

/// `1 unreferenced object`, `2 unreferenced objects`.
pub(super) fn objects(count: u64) -> Counted<'static> {
    Counted(count, "unreferenced object")
}

fn summary(text: &mut Text, found: &Found, sites: &[Site]) -> fmt::Result {
    let (objects, bytes) =
        sites.iter().fold((0, 0), |(objects, bytes), site| (objects + site.objects, bytes + site.bytes));
    let places = Counted(sites.len() as u64, "place");
    writeln!(text, "{}, {bytes} bytes, from {places}:", self::objects(objects))?;
    writeln!(text, "   objects       bytes  allocated at")?;
    for site in sites {
        writeln!(text, "{:>10}{:>12}  {}", site.objects, site.bytes, place(site.at))?;
    }
    writeln!(
        text,
        "Searched: {} live objects, {} of them conservatively. Held by a stack or a register alone: {}.",
        found.blocks, found.untyped, found.by_stack
    )
}
