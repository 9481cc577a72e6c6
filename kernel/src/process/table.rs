//! All processes, for `ps` and `kill`.

use alloc::string::String;
use alloc::sync::Arc;

use kcore::class;
use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::sorted::Sorted;
use kcore::sync::{Mutex, Own};

use super::Process;
use super::group::Group;
use crate::machine::Kernel;
use crate::mishap;
use crate::task::table::find;
use crate::task::{self, JoinHandle, Signal, SpawnError, signal};

/// What is known about a process.
pub struct Known {
    /// The command with its arguments.
    pub command: String,
    /// Whose it is.
    pub uid: u32,
    /// The job that it belongs to.
    pub group: Arc<Group>,
    /// What its task runs.
    pub process: Arc<Process>,
}

impl Known {
    /// Whether user `uid` may signal it.
    fn obeys(&self, uid: u32) -> bool {
        uid == 0 || self.uid == uid
    }
}

static PROCESSES: Mutex<Sorted<TaskId, Arc<Known>>, Kernel> =
    Mutex::new(Own(class!("processes")), Sorted::new());

/// The running task is a process while this lives.
#[must_use = "dropping it takes the process out of the table"]
pub struct Entry(TaskId);

/// Starts a task that is a process, and one of its group. A task that knows its number can signal it from
/// then on, though it may not have run yet; and it cannot have come to its [`end`](Entry) before.
pub fn start(
    known: Known,
    task: impl FnOnce() -> Result<JoinHandle, SpawnError>,
) -> Result<JoinHandle, SpawnError> {
    let known = Arc::new(known);
    let mut processes = PROCESSES.lock();
    processes.make_room().map_err(|_| SpawnError::NoMemory)?;
    let handle = task()?;
    known.group.add(handle.id());
    processes.insert(handle.id(), known).map_err(|_| SpawnError::NoMemory)?;
    Ok(handle)
}

/// The entry of the running task, which was [started](start) as a process: it goes when this is dropped.
pub fn entry() -> Entry {
    mishap::begins();
    Entry(task::current())
}

/// The running task is this process while the result lives.
pub fn become_one(known: Known) -> Result<Entry, SpawnError> {
    let task = task::current();
    known.group.add(task);
    let mut processes = PROCESSES.lock();
    processes.make_room().map_err(|_| SpawnError::NoMemory)?;
    processes.insert(task, Arc::new(known)).map_err(|_| SpawnError::NoMemory)?;
    Ok(Entry(task))
}

impl Drop for Entry {
    fn drop(&mut self) {
        forget(self.0);
    }
}

/// `task` is no process any more.
pub(crate) fn forget(task: TaskId) {
    let known = PROCESSES.lock().remove(&task);
    if let Some(known) = known {
        known.group.remove(task);
    }
}

/// What is known about a task; nothing when it is no process.
pub fn known(task: TaskId) -> Option<Arc<Known>> {
    PROCESSES.lock().get(&task).cloned()
}

/// Whether the lock of the table is free.
pub fn is_free() -> bool {
    PROCESSES.try_lock().is_some()
}

/// Signals a process, as user `uid`, or only looks whether that can be done. [`Errno::ESRCH`] when there is
/// no such task, [`Errno::EPERM`] when it is the kernel's or another user's.
pub fn kill(task: TaskId, signal: Option<Signal>, uid: u32) -> Result<(), Errno> {
    find(task).ok_or(Errno::ESRCH)?;
    if !known(task).is_some_and(|known| known.obeys(uid)) {
        return Err(Errno::EPERM);
    }
    if let Some(signal) = signal {
        signal::send(task, signal);
    }
    Ok(())
}

/// The same for all processes of a group. [`Errno::EPERM`] when one of them is another user's.
pub fn kill_group(group: &Arc<Group>, signal: Option<Signal>, uid: u32) -> Result<(), Errno> {
    if !may_kill_group(group, uid) {
        return Err(Errno::EPERM);
    }
    if let Some(signal) = signal {
        group.send(signal);
    }
    Ok(())
}

/// Whether user `uid` may signal all processes of a group.
pub fn may_kill_group(group: &Arc<Group>, uid: u32) -> bool {
    let processes = PROCESSES.lock();
    let of_group = |known: &&Arc<Known>| Arc::ptr_eq(&known.group, group);
    processes.entries().iter().map(|(_, known)| known).filter(of_group).all(|known| known.obeys(uid))
}
