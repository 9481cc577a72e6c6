//! The names of tasks that have ended: what they allocated may outlive them.

use kcore::machine::TaskId;

use crate::machine::SpinLock;
use crate::param::REMEMBERED_NAMES;

use super::table::Name;

/// The name of the last task whose id belongs here: ids count up.
static NAMES: [SpinLock<(u32, Name)>; REMEMBERED_NAMES] =
    [const { SpinLock::new((0, Name::new())) }; REMEMBERED_NAMES];

/// A name, cut to what there is room for. The rest of the room is zeros: it would be whatever the stack held before, and
/// kmemleak would take an address there for a reference.
pub(super) fn cut(name: &str) -> Name {
    let end = (0..=name.len().min(15)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    let mut cut = Name::new();
    while cut.push('\0').is_ok() {}
    cut.clear();
    let _ = cut.push_str(&name[..end]);
    cut
}

/// Takes note of the name of a new task.
pub(super) fn remember(id: TaskId, name: &str) {
    *NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave() = (id.0, cut(name));
}

/// The name that task `id` had. [`None`] when [`REMEMBERED_NAMES`] were started since.
pub(super) fn recall(id: TaskId) -> Option<Name> {
    let (of, name) = &*NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave();
    (*of == id.0).then(|| name.clone())
}
