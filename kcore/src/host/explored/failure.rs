//! Allocations that fail: of each task one may, whichever it is.

use super::machine::{here, step_named};
use super::world::{NAMELESS, World};
use crate::explore::{Act, Line, Object, Of, Step, Want};
use crate::machine::TaskId;
use crate::place::Place;

/// The next allocation of its task fails: so often is one as often as once.
const FAILS: Act = Act::Give { units: 1, most: 1 };

impl World {
    fn failure_of(task: TaskId) -> Object {
        Object(NAMELESS + (1 << 42) + u64::from(task.0))
    }

    /// What makes an allocation of a task fail, if that has not come yet. A task that has no allocation left
    /// does not notice.
    pub(super) fn failure(&self, who: usize) -> Option<Want> {
        let task = &self.tasks[who];
        let is_to_come = task.may_fail && task.id != TaskId(0);
        is_to_come.then(|| Want::of(Step { object: Self::failure_of(task.id), size: 0, act: FAILS }))
    }

    /// The running task, if its allocations may fail.
    fn failing_task(&self) -> Option<TaskId> {
        self.turn.filter(|_| self.failing).map(|who| self.tasks[usize::from(who)].id)
    }

    /// The next allocation of task `who` is to fail.
    pub(super) fn fail(&mut self, who: u8) {
        let task = &mut self.tasks[usize::from(who)];
        (task.may_fail, task.fails) = (false, true);
        let step = Step { object: Self::failure_of(task.id), size: 0, act: FAILS };
        // A task that has ended does not notice, and no reader is to wonder.
        if let Some(transcript) = self.transcript.as_mut().filter(|_| task.coroutine.is_some()) {
            transcript.lines.push(Line::new(who, step, Of::Failure, task.at));
        }
        self.refresh(who);
    }
}

/// The running task allocates: whether that fails.
pub(super) fn fails(at: Place) -> bool {
    let Some(task) = here(|world| world.failing_task()) else { return false };
    let act = Act::TryTake { units: 1, initially: 0 };
    step_named(World::failure_of(task), act, Of::Allocation, at);
    here(|world| world.task().is_some_and(|task| core::mem::take(&mut task.fails)))
}
