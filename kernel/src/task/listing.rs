//! All tasks, as `ps` shows them.

use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;

use kcore::machine::TaskId;

use super::queue::{self, QueueGuard};
use super::table::{self, Name, State, Task};

/// A task in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: TaskId,
    /// Its name.
    pub name: Name,
    /// Its CPU.
    pub cpu: u32,
    /// `R` running or waiting for its turn, `S` asleep, `Z` ended and not joined.
    pub state: char,
    /// Cycles for which it has run until it was last switched away from.
    pub run_time: u64,
}

/// All tasks that live, by their ids.
pub fn list() -> Vec<Listed> {
    let mut list: Vec<Listed> = Vec::new();
    // Each into its place: the code of a sort would be larger than the rest of this file.
    for listed in table::all().filter_map(listed) {
        list.insert(list.partition_point(|other| other.id < listed.id), listed);
    }
    list
}

/// A task's line; [`None`] when it has ended and been joined meanwhile.
fn listed(task: &Task) -> Option<Listed> {
    let (id, cpu) = (task.id(), task.cpu());
    let mut queue = QueueGuard::lock(cpu);
    if table::find(id).is_none() || task.cpu() != cpu {
        return None;
    }
    let state = match task.inner(&mut queue).state {
        State::Runnable => 'R',
        State::Blocked => 'S',
        State::Ended => 'Z',
    };
    drop(queue);
    Some(Listed { id, name: table::name_of(id), cpu, state, run_time: task.run_time.load(Relaxed) })
}

/// What a task is doing, and its CPU. [`None`] when it has ended and been joined.
pub fn state_and_cpu(id: TaskId) -> Option<(State, u32)> {
    let task = table::find(id)?;
    let mut queue = QueueGuard::lock(task.cpu());
    (task.id() == id).then(|| (task.inner(&mut queue).state, task.cpu()))
}

/// What a task is doing. [`None`] when it has ended and been joined.
pub fn state_of(id: TaskId) -> Option<State> {
    state_and_cpu(id).map(|(state, _)| state)
}

/// Whether a sleep of `id` ends without anybody's help: at a moment, or by a signal that has arrived.
pub fn wakes_by_itself(id: TaskId) -> bool {
    let signalled = table::find(id).is_some_and(|task| task.signal.load(Relaxed) != 0);
    signalled || queue::sleeps_until_a_moment(id)
}

/// Whether `id` runs at this moment.
#[inline]
pub fn is_running(id: TaskId) -> bool {
    table::find(id).is_some_and(|task| queue::current_of(task.cpu()) == id)
}
