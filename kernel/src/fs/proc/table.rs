//! The names in `/proc`.

use alloc::string::{String, ToString};

use kcore::errno::Errno;
use kcore::machine::TaskId;

use crate::fs::Generated;

use super::{memory, system, task};

/// Makes the text of a file that is always there. [`Errno::ENOMEM`] when it is a long one.
type Text = fn() -> Result<String, Errno>;
/// Makes the text of a task's file. [`Errno::ESRCH`] when the task has ended.
type TaskText = fn(TaskId) -> Result<String, Errno>;

/// What is always there.
static FILES: [(&str, Text); 10] = [
    ("cpuinfo", system::cpuinfo),
    ("devices", || Ok(system::devices())),
    ("interrupts", system::interrupts),
    ("lock_stat", || Ok(system::lock_stat())),
    ("meminfo", || Ok(memory::meminfo())),
    ("modules", || Ok(system::modules())),
    ("mounts", || Ok(system::mounts())),
    ("slabinfo", memory::slabinfo),
    ("uptime", || Ok(system::uptime())),
    ("version", || Ok(system::version())),
];

/// What each task has.
pub(in crate::fs) static TASK_FILES: [(&str, TaskText); 2] =
    [("stack", task::stack), ("status", task::status)];

/// What `/proc/NAME` is, if it is always there.
pub(in crate::fs) fn find(name: &str) -> Option<Generated> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(Generated::new(*text))
}

/// What `/proc/PID/NAME` is.
pub(in crate::fs) fn find_of_task(task: TaskId, name: &str) -> Option<Generated> {
    let (_, text) = TASK_FILES.iter().find(|(known, _)| *known == name)?;
    Some(Generated::new(move || text(task)))
}

/// All names but those of the tasks, and of what modules have made.
pub(in crate::fs) fn names() -> impl Iterator<Item = String> {
    FILES.iter().map(|(name, _)| name.to_string())
}
