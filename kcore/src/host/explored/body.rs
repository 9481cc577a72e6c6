//! What a task does: its body, and what is left when that panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::machine::{here, step_named};
use crate::explore::{Act, Of};
use crate::place::Place;

/// The end of a task: who asks for it waits until then.
const ENDS: Act = Act::Give { units: u64::MAX, most: u64::MAX };

/// Runs `body(who)`; whether it went well.
pub(super) fn run(who: u8, body: &(dyn Fn(u32) + Sync)) -> bool {
    let result = catch_unwind(AssertUnwindSafe(|| body(u32::from(who))));
    if let Some(object) = here(|world| world.ends.then(|| world.end_of(world.running()))) {
        step_named(object, ENDS, Of::End, Place::caller());
    }
    match result {
        Ok(()) => true,
        Err(_) => false,
    }
}
