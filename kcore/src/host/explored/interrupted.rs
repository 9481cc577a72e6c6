//! `interrupted`, from within its primitives: tasks wait for a unit that another gives, and a last one sends
//! each of them a signal, or lets its deadline pass.

use core::ptr::NonNull;

use super::inside::{Inside, Told};
use super::machine::{Explored, here};
use super::region::outside;
use super::world::World;
use crate::class;
use crate::event::Class;
use crate::experiment::Resolved;
use crate::experiment::stage::{Owners, Unit};
use crate::explore::End;
use crate::machine::{AtomicFlag, TaskId};
use crate::settings::{Form, Verdict};

/// Besides the tasks of a run there is the one that ends the waits.
pub(super) const MORE_TASKS: u32 = 1;

/// One execution: all tasks but the last of the run wait for the unit, until that has given it, or their
/// signal comes; or, if they wait with a deadline (`in_time`), that is past. At the end the unit is there,
/// and no task waits.
pub(super) fn execution(resolved: &Resolved, in_time: bool) -> End {
    let waiters = resolved.writers - 1;
    // A mutex is given by the task that has taken it.
    let is_free = resolved.lock == Form::Mutex;
    let unit = Unit::<Inside, Class>::from_flag(resolved.lock, Told::new(false), class!("unit"), is_free);
    let owners = Owners::default();
    let body = |who| match who {
        _ if who < waiters => {
            let inside = || {
                owners.enter::<Explored>();
                owners.leave::<Explored>();
            };
            // Without the unit there is nothing to do.
            let _ = if in_time { unit.with_timeout(1, inside) } else { unit.with(inside) };
        }
        _ if who > waiters => {
            let end = if in_time { Inside::pass_deadline } else { Inside::signal };
            (1..=waiters).map(TaskId).for_each(end);
        }
        _ if is_free => unit.with(|| {}).expect("it gets no signal"),
        _ => unit.lock().leave(()),
    };
    let stopped = outside(|| World::race(here(|world| NonNull::from(world)), &body));
    let Some(verdict) = stopped else {
        let lost = (unit.free().abs_diff(1) + unit.waiters()) as u64;
        let is_clean = lost == 0 && owners.most() <= 1;
        let verdict = if is_clean { Verdict::Clean } else { Verdict::Raced };
        // Whether the waiter has had it is no matter of right and wrong.
        return End::of_counts(verdict, lost, owners.most().max(1));
    };
    End::of_counts(verdict, 0, owners.most())
}
