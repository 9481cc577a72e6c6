//! A meeting between load and store, for exhibits that leave nothing to chance and need no probes for it.
//!
//! A task that is inside its critical section waits there until each of the others is inside, too, as far as
//! nothing keeps them out: where the form has a lock, to have come to its door is all that can be asked of
//! them.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Release},
};

use crate::event::Events;
use crate::experiment::Resolved;
use crate::probe::Plan;
use crate::settings::Form;

/// How far each member of the crew has come.
pub struct Meeting {
    members: Vec<Member>,
    /// The form keeps others out while one is inside.
    locked: bool,
    /// No task waits: a probe mode has its own idea of which task waits for which, or one would wait for
    /// ever, or all orders come by themselves.
    off: bool,
}

/// Each count is written by its member alone.
#[derive(Default)]
struct Member {
    /// Times that it came to the door; the most there is when it will not come again.
    came: AtomicU32,
    /// Times that it went in.
    went_in: AtomicU32,
}

/// More often than any task comes.
const GONE: u32 = u32::MAX;

impl Meeting {
    /// Of the first `members` of the crew of `resolved`.
    pub fn new<M: Events>(resolved: &Resolved, members: u32) -> Self {
        let locked = !matches!(resolved.lock, Form::None | Form::PreemptOff | Form::IrqOff);
        let own_idea = !matches!(resolved.plan, Plan::Pass | Plan::Delay(_));
        // A task that is no member may be at the door, too, on top of a member that has not come.
        let in_the_way = locked && members < resolved.writers;
        Meeting {
            members: (0..members).map(|_| Member::default()).collect(),
            locked,
            off: own_idea || in_the_way || M::EXPLORES,
        }
    }

    /// Member `who` is about to go in. No task waits for others than members.
    pub fn come(&self, who: u32) {
        if let Some(Member { came, .. }) = self.members.get(who as usize) {
            came.store(came.load(Acquire) + 1, Release);
        }
    }

    /// Member `who` is inside.
    pub fn go_in(&self, who: u32) {
        let Member { came, went_in } = &self.members[who as usize];
        went_in.store(came.load(Acquire), Release);
    }

    /// Member `who` will not come again.
    pub fn leave(&self, who: u32) {
        if let Some(Member { came, went_in }) = self.members.get(who as usize) {
            came.store(GONE, Release);
            went_in.store(GONE, Release);
        }
    }

    /// Whether member `who`, which is inside, has waited long enough.
    pub fn is_complete(&self, who: u32) -> bool {
        let times = self.members[who as usize].went_in.load(Acquire);
        let is_there = |member: &Member| {
            let (went_in, came) = (member.went_in.load(Acquire), member.came.load(Acquire));
            went_in >= times || went_in == GONE || self.locked && came > went_in
        };
        self.off || self.members.iter().all(is_there)
    }
}
