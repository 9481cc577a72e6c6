//! All entries, and how they are found.

use alloc::vec::Vec;

use super::ALL;
use super::entry::Experiment;
use crate::settings::Usage;

/// Makes of the names of files a module each, and [`ALL`](super::ALL) of their entries, in this order.
macro_rules! catalogue {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// The catalogue, in the order in which it is best read: cause by cause.
        pub static ALL: &[&Experiment] = &[$(&$name::ENTRY),*];
    };
}

/// What LKD ch. 9 tells its reader to ask of any data, in our words.
pub const QUESTIONS: [&str; 7] = [
    "Can anyone but the current thread of execution reach the data?",
    "Do process context and interrupt context share it, or two interrupt handlers?",
    "If the task is preempted in the middle of an access, can the next task make the same access?",
    "Can the task sleep in the middle, and what does it leave behind while it sleeps?",
    "What keeps the data from being freed while it is in use?",
    "What happens when another processor calls this function at the same time?",
    "So how is the data protected?",
];

/// The entry called `name`; else a line that lists all names.
pub fn find(name: &str) -> Result<&'static Experiment, Usage> {
    ALL.iter().find(|entry| entry.name == name).copied().ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
        Usage::unknown("experiment", name, &names)
    })
}
