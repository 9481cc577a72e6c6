//! What ends waits: signals, and deadlines that are past.

use super::machine::{Explored, here, step_at};
use super::region::outside;
use super::world::NAMELESS;
use crate::explore::{Act, Object, Of};
use crate::machine::{Sched, TaskId};
use crate::place::Place;
use crate::sync::{Ending, Ends, within};

/// The machine of the thread that explores, for primitives whose words are [`Told`].
pub type Inside = within::Inside<Explored>;
/// A word whose every use is a step: a flag, or a number.
pub type Told = within::Told<Explored>;

/// The first name of what may happen to a task, and by how much these differ.
const EVENTS: u64 = NAMELESS + (1 << 41);
const EVENT: u64 = 8;

impl Ends for Explored {
    #[track_caller]
    fn has_come(what: Ending) -> bool {
        let (object, of) = told(what, Explored::task());
        step_at(object, EVENT, Act::Load, of, Place::caller());
        here(|world| world.happened.contains(&object))
    }

    #[track_caller]
    fn comes(what: Ending, task: TaskId) {
        let (object, of) = told(what, task);
        step_at(object, EVENT, Act::Update, of, Place::caller());
        outside(|| here(|world| world.happened.push(object)));
        Explored::wake(task);
    }
}

/// What that is called, and what people call it.
fn told(what: Ending, task: TaskId) -> (Object, Of) {
    let signal = EVENTS + 2 * EVENT * u64::from(task.0);
    match what {
        Ending::Signal => (Object(signal), Of::Signal(task)),
        Ending::Deadline => (Object(signal + EVENT), Of::Deadline(task)),
    }
}
