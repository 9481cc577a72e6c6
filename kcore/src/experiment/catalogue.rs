//! All entries.

use alloc::vec::Vec;

use super::entry::Experiment;
use crate::settings::Usage;

/// The catalogue, in the order in which it is best read: cause by cause.
pub static ALL: &[&Experiment] = &[
    &super::scull_leak::ENTRY,
    &super::scull_read::ENTRY,
    &super::scull_publish::ENTRY,
    &super::scull_size::ENTRY,
    &super::scull_torn::ENTRY,
    &super::scull_trim::ENTRY,
    &super::counter::ENTRY,
    &super::broken_lock::ENTRY,
    &super::peterson::ENTRY,
    &super::request_queue::ENTRY,
    &super::aba::ENTRY,
    &super::multithread_write::ENTRY,
    &super::preempt::ENTRY,
    &super::irq::ENTRY,
    &super::irq_other_cpu::ENTRY,
    &super::softirq::ENTRY,
    &super::tasklet::ENTRY,
    &super::timer::ENTRY,
    &super::workqueue::ENTRY,
    &super::sleep::ENTRY,
    &super::sleep_in_atomic::ENTRY,
    &super::lost_wakeup::ENTRY,
    &super::double_wake::ENTRY,
    &super::interrupted::ENTRY,
    &super::stack_semaphore::ENTRY,
    &super::abba::ENTRY,
    &super::self_deadlock::ENTRY,
    &super::forgotten_unlock::ENTRY,
    &super::double_up::ENTRY,
    &super::unplug::ENTRY,
    &super::starvation::ENTRY,
    &super::soak::ENTRY,
    &super::book_geometry::ENTRY,
    &super::book_proc::ENTRY,
    &super::book_exchange::ENTRY,
    &super::book_quantum::ENTRY,
    &super::book_trim::ENTRY,
    &super::book_single::ENTRY,
    &super::book_alloc::ENTRY,
    &super::book_pipe_if::ENTRY,
    &super::book_pipe_size::ENTRY,
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
