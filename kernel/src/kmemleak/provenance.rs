//! Which store dropped the last reference to a block, and which it raced with.

use alloc::format;
use alloc::string::String;

use kcore::leak::{Event, Fate, Provenance, Trace};
use kcore::ledger::Record;
use kcore::machine::Context;
use kcore::report::place;

use crate::mm::heap;
use crate::observe::log::{self, Log, Stored};
use crate::task::name_of;

use super::object::age;

/// What is known of it, in lines of the report.
pub(super) fn lines(record: &Record) -> String {
    let allocation = &record.allocation;
    let found =
        heap::with_ledger(|ledger| Provenance::find(&Log(ledger), allocation.address, allocation.cycles));
    let Some(Provenance { published, fate }) = found else { return unstored(record) };
    let was_stored =
        || format!("  stored {} ago by {}:\n{}", age(published.cycles), who(&published), line(&published));
    match fate {
        Fate::Overwritten(end) | Fate::Freed(end) => dropped(&published, &end),
        Fate::Held => {
            format!("{}  nothing was stored over it: that location was lost itself\n", was_stored())
        }
        Fate::Unknown(doubt) => {
            format!("{}  what took the last reference is not known: {doubt}\n", was_stored())
        }
    }
}

fn unstored(record: &Record) -> String {
    let allocation = &record.allocation;
    if log::complete_since().is_some_and(|since| since <= allocation.cycles) {
        let name = name_of(allocation.task);
        format!("  never stored in shared memory: lost in a register or on the stack of {name}\n")
    } else {
        String::from("  no store of its address is in the log, which does not go back so far\n")
    }
}

fn dropped(published: &Stored, end: &Stored) -> String {
    let raced = if end.actor.task == published.actor.task { "stored by" } else { "raced with" };
    // Of two that overlap the later one may have begun first.
    let before = match end.cycles.checked_sub(published.cycles) {
        Some(cycles) => format!("{cycles} cycles before"),
        None => String::from("at the same time"),
    };
    format!(
        "  last reference dropped {} ago by {}:\n{}  {raced} {}, {before}:\n{}",
        age(end.cycles),
        who(end),
        line(end),
        who(published),
        line(published)
    )
}

/// Task, CPU and locks of a store.
fn who(stored: &Stored) -> String {
    let locks = match stored.held {
        ["", _] => String::from("no lock"),
        [lock, ""] => String::from(lock),
        [inner, outer] => format!("{inner} and {outer}"),
    };
    let context = match stored.actor.context {
        Context::Task => "",
        Context::Softirq => "a softirq on top of ",
        Context::Hardirq => "an interrupt handler on top of ",
    };
    format!(
        "{context}{} (task {}, CPU {}), {locks} held",
        name_of(stored.actor.task),
        stored.actor.task.0,
        stored.cpu.0
    )
}

/// A line of its own for its place.
fn line(stored: &Stored) -> String {
    match stored.event() {
        Event::Store { .. } => format!("    store to {} at {}\n", stored.site.name, place(stored.at)),
        Event::Clear(_) | Event::Free(_) => format!("    {} at {}\n", stored.site.name, place(stored.at)),
    }
}
