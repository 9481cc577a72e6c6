//! All processes, for `ps` and `kill`.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::sync::Mutex;

use super::group::Group;
use crate::machine::Kernel;
use crate::task::table::find;
use crate::task::{self, JoinHandle, Signal, SpawnError, signal};

/// What is known about a process.
#[derive(Clone)]
pub struct Known {
    /// The command with its arguments.
    pub command: String,
    /// Whose it is.
    pub uid: u32,
    /// The job that it belongs to.
    pub group: Arc<Group>,
}

static PROCESSES: Mutex<BTreeMap<TaskId, Known>, Kernel> = Mutex::new(BTreeMap::new());

/// The running task is a process while this lives.
#[must_use = "dropping it takes the process out of the table"]
pub struct Entry(TaskId);

/// Starts a task that is a process, and one of its group. Whoever knows its number can signal it from then on, though it
/// may not have run yet; and it cannot have come to its [`end`](Entry) before.
pub fn start(
    known: Known,
    task: impl FnOnce() -> Result<JoinHandle, SpawnError>,
) -> Result<JoinHandle, SpawnError> {
    let mut processes = PROCESSES.lock();
    // A task that died of an oops could not take itself out.
    processes.retain(|task, known| {
        let lives = find(*task).is_some();
        if !lives {
            known.group.remove(*task);
        }
        lives
    });
    let handle = task()?;
    known.group.add(handle.id());
    processes.insert(handle.id(), known);
    Ok(handle)
}

/// The entry of the running task, which was [started](start) as a process: it goes when this is dropped.
pub fn entry() -> Entry {
    Entry(task::current())
}

impl Drop for Entry {
    fn drop(&mut self) {
        let known = PROCESSES.lock().remove(&self.0);
        if let Some(known) = known {
            known.group.remove(self.0);
        }
    }
}

/// What is known about a task; nothing when it is no process.
pub fn known(task: TaskId) -> Option<Known> {
    PROCESSES.lock().get(&task).cloned()
}

/// All processes, by their tasks.
pub fn all() -> Vec<(TaskId, Known)> {
    PROCESSES.lock().iter().map(|(task, known)| (*task, known.clone())).collect()
}

/// Signals a process, as user `uid`. [`Errno::ESRCH`] when there is no such task, [`Errno::EPERM`] when it is the kernel's or
/// somebody else's.
pub fn kill(task: TaskId, signal: Signal, uid: u32) -> Result<(), Errno> {
    find(task).ok_or(Errno::ESRCH)?;
    let known = known(task).ok_or(Errno::EPERM)?;
    if uid != 0 && known.uid != uid {
        return Err(Errno::EPERM);
    }
    signal::send(task, signal);
    Ok(())
}
