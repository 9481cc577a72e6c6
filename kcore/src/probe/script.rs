//! The token that goes from step to step.
//!
//! A participant begins when the script comes to its first step, and not before: else it might take a lock
//! that the steps before need, or do what they are about to do. One that the script does not name begins when
//! the script is over.

use alloc::vec::Vec;

use super::crew::Crew;
use super::engine::Wake;
use super::plan::{ANY, Step};
use super::reason::{GivenUp, Obstacle};
use crate::event::{Access, Op};

/// How far a script has come.
///
/// A step is done when its participant, standing at the step's point, is let go. Its segment lasts until its
/// next event: only then is the access itself certainly done, and only then may the next step begin.
#[derive(Debug)]
pub(super) struct Script {
    steps: Vec<Step>,
    /// The first step that is neither done nor given up.
    current: usize,
    /// The participant that was let go by the step before `current` and has not come to its next event yet.
    segment: Option<u8>,
    /// At most one entry a step, so its capacity is enough for ever.
    given_up: Vec<GivenUp>,
    /// Any step of a task waits for its turn, as long as the script lasts.
    orders_all: bool,
}

impl Script {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        let given_up = Vec::with_capacity(steps.len());
        let orders_all = steps.iter().any(|step| step.point == ANY);
        Script { steps, current: 0, segment: None, given_up, orders_all }
    }

    pub(super) fn begin_round(&mut self) {
        self.current = 0;
        self.segment = None;
    }

    pub(super) fn given_up(&self) -> impl Iterator<Item = (&GivenUp, &Step)> {
        self.given_up.iter().map(|given_up| (given_up, &self.steps[given_up.step]))
    }

    pub(super) fn orders_all(&self) -> bool {
        self.orders_all
    }

    /// Whether `access` is nothing that it orders, and ends no segment.
    pub(super) fn ignores(&self, access: &Access) -> bool {
        self.orders_all && access.op == Op::Point
    }

    pub(super) fn end_segment(&mut self, who: u8) {
        if self.segment == Some(who) {
            self.segment = None;
        }
    }

    /// Whether `access` is the next thing that the script wants of `who`.
    pub(super) fn wants(&self, who: u8, access: &Access) -> bool {
        if self.orders_all {
            return self.current < self.steps.len();
        }
        let mut remaining = self.steps[self.current..].iter();
        remaining.find(|step| step.who == who).is_some_and(|step| access.is(&step.point))
    }

    /// Lets go the participant that has its turn, and gives up the steps that cannot happen.
    pub(super) fn settle(&mut self, crew: &mut Crew) -> Wake {
        let mut wake = 0;
        while self.segment_is_over(crew) {
            let Some(who) = self.steps.get(self.current).map(|step| step.who) else {
                return wake | release_all(crew);
            };
            if crew.at_start(who) {
                wake |= crew.release(who);
            }
            let at_point = crew.at_point(who);
            match crew.obstacle(who) {
                None if at_point => self.segment = Some(who),
                Some(why) if why.is_final() || crew.is_quiet() => self.give_up(self.current, why),
                _ => break,
            }
            if at_point {
                wake |= crew.release(who);
            }
            self.current += 1;
        }
        wake
    }

    /// A segment also ends when its participant was let go and then lost its CPU to one that waits there.
    fn segment_is_over(&mut self, crew: &Crew) -> bool {
        let Some(who) = self.segment else { return true };
        match crew.obstacle(who) {
            Some(why) if crew.is_quiet() => {
                self.give_up(self.current - 1, why);
                self.segment = None;
                true
            }
            _ => false,
        }
    }

    fn give_up(&mut self, step: usize, why: Obstacle) {
        if self.given_up.iter().all(|given_up| given_up.step != step) {
            self.given_up.push(GivenUp { step, why });
        }
    }
}

/// The script is over: all that waited for that go on.
fn release_all(crew: &mut Crew) -> Wake {
    let mut wake = 0;
    for who in crew.all() {
        if crew.at_start(who) || crew.at_point(who) {
            wake |= crew.release(who);
        }
    }
    wake
}

impl Obstacle {
    /// Whether it will still be there whatever the others do.
    fn is_final(self) -> bool {
        matches!(self, Obstacle::Finished | Obstacle::Nobody)
    }
}
