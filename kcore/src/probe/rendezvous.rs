//! The barrier at which all participants meet.

use alloc::string::String;
use alloc::vec::Vec;

use super::crew::{Crew, State};
use super::engine::{Meetings, Wake};
use crate::event::Access;

#[derive(Debug)]
pub(super) struct Rendezvous {
    points: Vec<String>,
    pub(super) meetings: Meetings,
}

impl Rendezvous {
    pub(super) fn new(points: Vec<String>) -> Self {
        Rendezvous { points, meetings: Meetings::default() }
    }

    pub(super) fn names(&self, access: &Access) -> bool {
        self.points.iter().any(|point| access.is(point))
    }

    /// Opens the barrier when no participant is missing. All that wait go on together: the next meeting
    /// starts from nothing.
    pub(super) fn settle(&mut self, crew: &mut Crew) -> Wake {
        if crew.all().any(|who| is_missing(crew, who)) {
            return 0;
        }
        let mut wake = 0;
        for who in crew.all() {
            if crew.at_point(who) {
                wake |= crew.release(who);
            }
        }
        if wake != 0 {
            self.meetings.held += 1;
            self.meetings.full += u64::from(wake.count_ones() as usize == crew.len());
        }
        wake
    }
}

/// Whether the meeting has to wait for `who`. A task that waits for a lock is not waited for, since the
/// holder may be here; unless the lock was given back: then the task is on its way, and a meeting without it
/// would be a matter of luck.
fn is_missing(crew: &Crew, who: u8) -> bool {
    match crew.state(who) {
        State::AtPoint { .. } | State::Asleep | State::Finished => false,
        State::LockWait { .. } if !crew.is_about_to_get_its_lock(who) => false,
        State::Absent | State::AtStart | State::Running | State::LockWait { .. } => !crew.is_shut_out(who),
    }
}
