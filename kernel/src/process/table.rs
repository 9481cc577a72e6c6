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

impl Known {
    /// Whether user `uid` may signal it.
    fn obeys(&self, uid: u32) -> bool {
        uid == 0 || self.uid == uid
    }
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
    if !known(task).is_some_and(|known| known.obeys(uid)) {
        return Err(Errno::EPERM);
    }
    signal::send(task, signal);
    Ok(())
}

/// Signals all processes of a group, as user `uid`. [`Errno::EPERM`] when one of them is somebody else's.
pub fn kill_group(group: &Arc<Group>, signal: Signal, uid: u32) -> Result<(), Errno> {
    if !may_kill_group(group, uid) {
        return Err(Errno::EPERM);
    }
    group.send(signal);
    Ok(())
}

/// Whether user `uid` may signal all processes of a group.
pub fn may_kill_group(group: &Arc<Group>, uid: u32) -> bool {
    let processes = PROCESSES.lock();
    processes.values().filter(|known| Arc::ptr_eq(&known.group, group)).all(|known| known.obeys(uid))
}
