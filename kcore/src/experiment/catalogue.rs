//! All entries.

use alloc::vec::Vec;

use super::entry::Experiment;
use super::{
    abba, broken_lock, counter, double_up, double_wake, forgotten_unlock, lost_wakeup, preempt, scull_leak,
    scull_publish, scull_read, scull_size, scull_torn, scull_trim, self_deadlock, sleep, sleep_in_atomic,
    soak, stack_semaphore,
};
use crate::settings::Usage;

/// The catalogue, in the order in which it is best read.
pub static ALL: &[&Experiment] = &[
    &scull_leak::ENTRY,
    &scull_read::ENTRY,
    &scull_publish::ENTRY,
    &scull_size::ENTRY,
    &scull_torn::ENTRY,
    &scull_trim::ENTRY,
    &counter::ENTRY,
    &broken_lock::ENTRY,
    &abba::ENTRY,
    &self_deadlock::ENTRY,
    &forgotten_unlock::ENTRY,
    &double_up::ENTRY,
    &lost_wakeup::ENTRY,
    &double_wake::ENTRY,
    &stack_semaphore::ENTRY,
    &preempt::ENTRY,
    &sleep::ENTRY,
    &sleep_in_atomic::ENTRY,
    &soak::ENTRY,
];

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
