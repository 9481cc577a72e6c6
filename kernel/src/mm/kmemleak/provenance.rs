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
            let before = match dropped.task == published.task {
                true => format!("which it had stored there {cycles} cycles before"),
                false => format!("it raced with {}, {cycles} cycles before", whose(&published)),
            };
            format!(
                "  last reference dropped by {}, {} ago\n{}  {before}\n{}",
                whose(&dropped),
                age(dropped.cycles),
                store(&dropped),
                store(&published)
            )
        }
        Some(Provenance { published, dropped: None }) => format!(
            "  last stored by {}, {} ago\n{}  nothing was stored over it: what that location lies in is lost itself, or freed\n",
            whose(&published),
            age(published.cycles),
            store(&published)
        ),
        None if stores::complete_since().is_some_and(|since| since <= allocation.cycles) => format!(
            "  never stored in shared memory: lost in a register or on the stack of {}\n",
            name_of(allocation.task)
        ),
        None => String::from("  no store of its address is in the log, which does not go back so far\n"),
    }
}

/// The task of a store, and its CPU.
fn whose(stored: &Stored) -> String {
    format!("{} (pid {}, CPU {})", name_of(stored.task), stored.task.0, stored.cpu)
}

/// A line about a store: where, and with which locks.
fn store(stored: &Stored) -> String {
    let locks = match stored.held {
        ["", _] => String::from("no lock"),
        [lock, ""] => String::from(lock),
        [inner, outer] => format!("{inner} and {outer}"),
    };
    format!("    store to {} at {}, {locks} held\n", stored.site, place(stored.at))
}
