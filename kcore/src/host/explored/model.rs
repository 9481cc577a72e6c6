//! All executions of some tasks that are no experiment.

use core::ptr::NonNull;

use super::machine::here;
use super::region::outside;
use super::world::{MOST_TASKS, World};
use crate::explore::{Driver, MemoryModel, Schedule, Search, Trouble};
use crate::settings::Verdict;

/// What all executions came to.
#[derive(Debug, Default)]
pub struct Checked {
    /// Executions that were made.
    pub executions: u64,
    /// Whether there is none that was not made.
    pub complete: bool,
    /// How many were wrong: a task never ended, died, or what it left is not right.
    pub wrong: u64,
    /// The first of these: why, if a task never ended, and who made which step.
    pub first: Option<(Option<Verdict>, Schedule)>,
    /// Why the search was broken off.
    pub trouble: Option<Trouble>,
}

/// Makes executions of `tasks` tasks, at most `most`: each begins with what `set_up` gives, on which every
/// task runs `body`, which asks for the end of none, and is wrong if not all of them end or `is_right` says
/// so of what they leave.
///
/// # Panics
/// When there are more tasks than can be explored, the host has no room, or the program has not `Allocator`.
pub fn check<S: Sync>(
    tasks: u32,
    model: MemoryModel,
    most: u64,
    set_up: impl Fn() -> S,
    body: impl Fn(&S, u32) + Sync,
    is_right: impl Fn(&S) -> bool,
) -> Checked {
    assert!(tasks <= MOST_TASKS, "there are more tasks than can be explored");
    let search = |parts, tasks| Driver::Search(Search::new(parts, tasks));
    let mut world = World::new(tasks, model == MemoryModel::Tso, false, search).expect("the host has room");
    world.ends = false;
    let mut checked = Checked::default();
    loop {
        let (stopped, right) = world.execute(|| {
            let subject = set_up();
            let on = |who| body(&subject, who);
            let stopped = outside(|| World::race(here(|world| NonNull::from(world)), &on));
            // What tasks that never end have left is theirs.
            let right = stopped.is_some() || is_right(&subject);
            if stopped.is_some() {
                core::mem::forget(subject);
            }
            (stopped, right)
        });
        checked.executions += 1;
        checked.trouble = world.trouble.take();
        if checked.trouble.is_some() {
            return checked;
        }
        if stopped.is_some() || !right {
            checked.wrong += 1;
            let moves = world.driver.trace().moves().map(|made| made.task);
            checked.first.get_or_insert_with(|| (stopped, Schedule::of_parts(moves, tasks as usize)));
        }
        let (search, wants) = world.search();
        if !search.end(wants) {
            checked.complete = true;
            return checked;
        }
        if checked.executions == most {
            return checked;
        }
    }
}
