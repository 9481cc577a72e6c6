//! The names of tasks that have ended: what they allocated may outlive them.

use kcore::machine::TaskId;

use crate::machine::SpinLock;
use crate::param::REMEMBERED_NAMES;

use super::table::Name;

/// The name of the last task whose id belongs here: ids count up.
static NAMES: [SpinLock<(u32, Name)>; REMEMBERED_NAMES] =
    [const { SpinLock::new((0, Name::new())) }; REMEMBERED_NAMES];

/// Takes note of the name of a new task.
pub(super) fn remember(id: TaskId, name: &Name) {
    *NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave() = (id.0, name.clone());
}

/// The name that task `id` had. [`None`] when [`REMEMBERED_NAMES`] were started since.
pub(super) fn recall(id: TaskId) -> Option<Name> {
    let (of, name) = &*NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave();
    (*of == id.0).then(|| name.clone())
}
