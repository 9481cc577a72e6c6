//! What is known of a lock.

use core::panic::Location;

use super::list::List;
use crate::event::{Actor, LockName, Waiting};
use crate::machine::TaskId;

/// Holders of one lock that are known by name. Of more than these it is only known how many.
pub const HOLDERS: usize = 8;

/// Somebody who has a lock, or one unit of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) actor: Actor,
    pub(super) since: &'static Location<'static>,
    /// Its task has returned.
    pub(super) ended: bool,
}

/// A lock that was heard of in this round.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    pub(super) address: usize,
    pub(super) holders: List<Holder, HOLDERS>,
    /// It was given back by somebody who did not have it: who acquired it tells nothing about who will give
    /// it.
    signals: bool,
    /// The most holders at once.
    most: usize,
    /// When it was given back last, in events.
    released: u64,
}

impl Lock {
    pub(super) fn new(address: usize) -> Self {
        Lock { address, holders: List::new(), signals: false, most: 0, released: 0 }
    }

    pub(super) fn acquired(&mut self, actor: Actor, since: &'static Location<'static>) {
        self.holders.push(Holder { actor, since, ended: false });
        self.most = self.most.max(self.count());
    }

    pub(super) fn released(&mut self, actor: Actor, now: u64) {
        self.released = now;
        let own =
            self.holders.take(|holder| holder.actor == actor).is_some() || self.holders.forget_dropped();
        if !own {
            self.signals = true;
            self.holders.take(|_| true);
        }
    }

    pub(super) fn ended(&mut self, task: TaskId) {
        let theirs = |holder: &&mut Holder| holder.actor == Actor::task(task);
        self.holders.iter_mut().filter(theirs).for_each(|holder| holder.ended = true);
    }

    /// Whether the entry says no more than a missing one would.
    pub(super) fn is_forgettable(&self) -> bool {
        self.holders.is_empty() && !self.signals && self.most <= 1
    }

    /// Whether those who have it, and nobody else, can help somebody who waits for it.
    pub(super) fn is_owned(&self, name: &LockName) -> bool {
        name.waiting != Waiting::Event
            && !self.signals
            && self.holders.dropped() == 0
            && !self.holders.is_empty()
    }

    /// Whether an actor that waits since `since` really has not got it, though events come late: between the
    /// moment in which a lock changes hands and the event that says so, the new holder still seems to wait.
    ///
    /// With one holder at a time that cannot mislead: while somebody is known to have it, nobody else does.
    /// Where there were several at once, another unit may be on its way to the waiter.
    pub(super) fn is_withheld(&self, since: u64) -> bool {
        self.most <= 1 || (self.count() >= self.most && self.released < since)
    }

    fn count(&self) -> usize {
        self.holders.len() + self.holders.dropped()
    }
}
