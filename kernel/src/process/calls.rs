//! The calls of open files that are under way, so that nobody waits for one whose task has died in it.

use alloc::sync::Arc;

use crate::fs::File;
use crate::machine::SpinLock;
use crate::param::MAX_TASKS;
use crate::task;

/// What each task is in, by its slot in the table of tasks.
static CALLS: [SpinLock<Option<Arc<File>>>; MAX_TASKS] = [const { SpinLock::new(None) }; MAX_TASKS];

/// Has the running task make `call` of `file`.
pub(super) fn make<'a, T>(file: &'a Arc<File>, call: impl FnOnce(&'a File) -> T) -> T {
    let before = mine().lock().replace(Arc::clone(file));
    // Of a task that had the slot, and was given up in a call. Not dropped under the lock, as it may be the last reference.
    drop(before);
    let result = call(file);
    // The caller has another reference.
    *mine().lock() = None;
    result
}

/// The running task dies where it is.
pub(crate) fn died() {
    let file = mine().lock().take();
    if let Some(file) = file {
        file.call_died();
    }
}

fn mine() -> &'static SpinLock<Option<Arc<File>>> {
    &CALLS[task::current().0 as usize % MAX_TASKS]
}
