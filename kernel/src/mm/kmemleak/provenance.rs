//! Which store dropped the last reference to a block, and which it raced with.

use alloc::format;
use alloc::string::String;

use kcore::leak::Provenance;
use kcore::ledger::Record;
use kcore::report::place;

use crate::stores::{self, Stored};
use crate::task::name_of;

use super::object::age;

/// What is known of it, in lines of the report.
pub(super) fn lines(record: &Record) -> String {
    let allocation = &record.allocation;
    match Provenance::find(&stores::Log, allocation.address, allocation.cycles) {
        Some(Provenance { published, dropped: Some(dropped) }) => {
            let cycles = dropped.cycles - published.cycles;
            let raced = if dropped.task == published.task { "stored by" } else { "raced with" };
            format!(
                "  last reference dropped {} ago by {}:\n{}  {raced} {}, {cycles} cycles before:\n{}",
                age(dropped.cycles),
                who(&dropped),
                line(&dropped),
                who(&published),
                line(&published)
            )
        }
        Some(Provenance { published, dropped: None }) => format!(
            "  last stored {} ago by {}:\n{}  nothing was stored over it: that location was lost or freed itself\n",
            age(published.cycles),
            who(&published),
            line(&published)
        ),
        None if stores::complete_since().is_some_and(|since| since <= allocation.cycles) => format!(
            "  never stored in shared memory: lost in a register or on the stack of {}\n",
            name_of(allocation.task)
        ),
        None => String::from("  no store of its address is in the log, which does not go back so far\n"),
    }
}

/// Task, CPU and locks of a store.
fn who(stored: &Stored) -> String {
    let locks = match stored.held {
        ["", _] => String::from("no lock"),
        [lock, ""] => String::from(lock),
        [inner, outer] => format!("{inner} and {outer}"),
    };
    format!("{} (task {}, CPU {}), {locks} held", name_of(stored.task), stored.task.0, stored.cpu)
}

/// A line of its own for its place.
fn line(stored: &Stored) -> String {
    format!("    store to {} at {}\n", stored.site, place(stored.at))
}
