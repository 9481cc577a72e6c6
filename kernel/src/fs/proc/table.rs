//! The names in `/proc`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::class;
use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::sorted::Sorted;
use kcore::sync::{Mutex, Own};

use crate::fs::Generated;
use crate::machine::Kernel;

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

/// What modules have added.
static ADDED: Mutex<Sorted<&'static str, Generated>, Kernel> =
    Mutex::new(Own(class!("files of /proc")), Sorted::new());

/// From now on `/proc/NAME` is `file`. [`Errno::ENOMEM`].
pub fn add_file(name: &'static str, file: Generated) -> Result<(), Errno> {
    let before = ADDED.lock().insert(name, file);
    // Dropped without the lock.
    before.map(drop)
}

/// There is no `/proc/NAME` any more. A process that has it open goes on reading the text as it was.
pub fn remove_file(name: &str) {
    let removed = ADDED.lock().remove(name);
    // What it refers to may be freed now: not under the lock.
    drop(removed);
}

/// Whether the lock of what was added is free.
pub(crate) fn is_free() -> bool {
    ADDED.try_lock().is_some()
}

/// What `/proc/NAME` is.
pub(in crate::fs) fn find(name: &str) -> Option<Generated> {
    if let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) {
        return Some(Generated::new(*text));
    }
    ADDED.lock().get(name).cloned()
}

/// What `/proc/PID/NAME` is.
pub(in crate::fs) fn find_of_task(task: TaskId, name: &str) -> Option<Generated> {
    let (_, text) = TASK_FILES.iter().find(|(known, _)| *known == name)?;
    Some(Generated::new(move || text(task)))
}

/// All names but those of the tasks.
pub(in crate::fs) fn names() -> Vec<String> {
    let added = ADDED.copy_of(Sorted::entries).into_iter().map(|(name, _)| name.to_string());
    FILES.iter().map(|(name, _)| name.to_string()).chain(added).collect()
}
