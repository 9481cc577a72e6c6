//! The names of tasks that have ended, and how: what they allocated may outlive them.

use kcore::class;
use kcore::machine::TaskId;

use crate::machine::SpinLock;
use crate::param::REMEMBERED_NAMES;

use super::table::Name;

/// The id and the name of a task, and whether it died of an oops.
struct Memory {
    id: u32,
    name: Name,
    died: bool,
}

/// The last task whose id belongs here: ids count up.
static NAMES: [SpinLock<Memory>; REMEMBERED_NAMES] =
    [const { SpinLock::new(class!("remembered names"), Memory { id: 0, name: Name::new(), died: false }) };
        REMEMBERED_NAMES];

/// A name, cut to what there is room for; a `+` says so. The rest of the room is zeros: it would be whatever
/// the stack held before, and kmemleak would take an address there for a reference.
pub(super) fn cut(name: &str) -> Name {
    let room = if name.len() <= 15 { 15 } else { 14 };
    let end = (0..=name.len().min(room)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    let mut cut = Name::new();
    while cut.push('\0').is_ok() {}
    cut.clear();
    let _ = cut.push_str(&name[..end]);
    if end < name.len() {
        let _ = cut.push('+');
    }
    cut
}

/// Takes note of the name of a new task.
pub(super) fn remember(id: TaskId, name: &str) {
    *NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave() =
        Memory { id: id.0, name: cut(name), died: false };
}

/// The name that task `id` had. [`None`] when [`REMEMBERED_NAMES`] were started since.
pub(super) fn recall(id: TaskId) -> Option<Name> {
    let memory = NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave();
    (memory.id == id.0).then(|| memory.name.clone())
}

/// Takes note that task `id` dies of an oops.
pub(crate) fn remember_death(id: TaskId) {
    let mut memory = NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave();
    memory.died |= memory.id == id.0;
}

/// Whether task `id` died of an oops, as far as that is remembered.
pub fn has_died(id: TaskId) -> bool {
    let memory = NAMES[id.0 as usize % REMEMBERED_NAMES].lock_irqsave();
    memory.id == id.0 && memory.died
}
