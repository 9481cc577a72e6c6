//! `interrupted`, from within its primitives: tasks wait for a unit that another gives, and a last one sends
//! each of them a signal, or lets its deadline pass.

use super::owners::Owners;
use super::rig::{Refusal, Rig};
use super::round::Stage;
use super::unit::Unit;
use crate::class;
use crate::event::Class;
use crate::machine::{AtomicFlag, TaskId};
use crate::settings::Form;
use crate::sync::{Ends, Inside, Told};

impl<M: Rig + Ends> Stage<'_, M> {
    /// One round: the first `waiters` tasks wait for the unit, until the next has given it, or a signal comes,
    /// which the last one sends; or, if they wait with a deadline (`in_time`), that is past. `task_of` says
    /// which task each of them is. At the end the unit is there, and no task waits.
    pub fn waits_from_within(
        &mut self,
        waiters: u32,
        in_time: bool,
        task_of: &(dyn Fn(u32) -> TaskId + Sync),
    ) -> Result<(), Refusal> {
        let lock = self.resolved.lock;
        // A mutex is given by the task that has taken it.
        let is_free = lock == Form::Mutex;
        let unit = Unit::<Inside<M>, Class>::from_flag(lock, Told::new(false), class!("unit"), is_free);
        let owners = Owners::default();
        let raced = self.race(&|who| match who {
            _ if who < waiters => {
                let inside = || {
                    owners.enter::<M>();
                    owners.leave::<M>();
                };
                // Without the unit there is nothing to do.
                let _ = if in_time { unit.with_timeout(1, inside) } else { unit.with(inside) };
            }
            _ if who > waiters => {
                let end = if in_time { Inside::<M>::pass_deadline } else { Inside::<M>::signal };
                (0..waiters).map(task_of).for_each(end);
            }
            _ if is_free => unit.with(|| {}).expect("it gets no signal"),
            _ => unit.lock().leave(()),
        });
        self.run.owners = self.run.owners.max(owners.most());
        raced?;
        self.run.lost_updates += (unit.free().abs_diff(1) + unit.waiters()) as u64;
        // Whether a waiter has had it is no matter of right and wrong.
        self.run.owners = self.run.owners.max(1);
        Ok(())
    }
}
