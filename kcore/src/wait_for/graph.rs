//! The events.

use alloc::vec::Vec;
use core::panic::Location;

use super::actor::Seat;
use super::finding::Finding;
use super::lock::Lock;
use super::set::Set;
use super::tasks::Tasks;
use crate::event::{Actor, LockId, LockName, LockStep};
use crate::machine::TaskId;

/// Actors that can wait at the same time. The waits of others are not seen, and counted.
pub const WAITS: usize = Set::CAPACITY;

/// Locks that can be in use at the same time. Others have no known holder.
const LOCKS: usize = 512;

/// An actor that found a lock taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) actor: Actor,
    pub(super) seat: Seat,
    pub(super) lock: LockName,
    pub(super) address: usize,
    pub(super) at: &'static Location<'static>,
    /// When, in events.
    pub(super) since: u64,
}

/// Who waits for what and who has it, as far as the lock events tell.
///
/// No event allocates or panics, so all of them may be told with interrupts off. What there is no room for is
/// counted ([`unseen`](Graph::unseen)), and from then on nothing is called certain.
#[derive(Debug)]
pub struct Graph {
    /// At most one for each actor.
    pub(super) waits: Vec<Wait>,
    /// At most one for each address.
    pub(super) locks: Vec<Lock>,
    /// Events so far.
    now: u64,
    unseen: usize,
}

impl Default for Graph {
    fn default() -> Self {
        Graph::new()
    }
}

impl Graph {
    /// Nobody waits. All memory is allocated here.
    pub fn new() -> Self {
        Graph::try_new().expect("there is memory for it where nobody asks whether there is")
    }

    /// [`new`](Graph::new), or [`None`] when there is no memory for it.
    pub fn try_new() -> Option<Self> {
        let (mut waits, mut locks) = (Vec::new(), Vec::new());
        waits.try_reserve_exact(WAITS).ok()?;
        locks.try_reserve_exact(LOCKS).ok()?;
        Some(Graph { waits, locks, now: 0, unseen: 0 })
    }

    /// A round begins: nobody waits, no lock is held. To be called while no task of the experiment runs.
    pub fn forget_all(&mut self) {
        self.waits.clear();
        self.locks.clear();
        self.unseen = 0;
    }

    /// `actor`, which sits on its CPU as `seat` says, takes a step with `lock`: one of the four that follow,
    /// or one after which it has the lock as before. After a wait this [searches](Graph::search).
    pub fn step(
        &mut self,
        actor: Actor,
        seat: Seat,
        step: LockStep,
        lock: &LockId,
        at: &'static Location<'static>,
        tasks: &impl Tasks,
    ) -> Option<Finding> {
        match step {
            LockStep::Wait => {
                self.wait(actor, seat, &lock.name, lock.address, at);
                return self.search(actor, tasks);
            }
            LockStep::Acquired => self.acquired(actor, lock.address, at),
            LockStep::Release => self.released(actor, lock.address),
            LockStep::GaveUp => self.gave_up(actor),
            LockStep::Downgraded => {}
        }
        None
    }

    /// `actor` found the lock at `address` taken and is about to spin or sleep. [`Graph::search`] is next.
    pub fn wait(
        &mut self,
        actor: Actor,
        seat: Seat,
        lock: &LockName,
        address: usize,
        at: &'static Location<'static>,
    ) {
        self.now += 1;
        self.end_wait(actor);
        match self.waits.len() < WAITS {
            true => self.waits.push(Wait { actor, seat, lock: *lock, address, at, since: self.now }),
            false => self.unseen += 1,
        }
    }

    /// `actor` has the lock at `address`, or one unit of it.
    pub fn acquired(&mut self, actor: Actor, address: usize, at: &'static Location<'static>) {
        self.now += 1;
        self.end_wait(actor);
        match self.entry(address) {
            Some(lock) => lock.acquired(actor, at),
            None => self.unseen += 1,
        }
    }

    /// `actor` is about to give the lock at `address` back. It need not be the one that took it: then it is a
    /// signal, and its holders mean nothing for the rest of the round.
    pub fn released(&mut self, actor: Actor, address: usize) {
        self.now += 1;
        let now = self.now;
        match self.entry(address) {
            Some(lock) => lock.released(actor, now),
            None => self.unseen += 1,
        }
        if let Some(index) = self.locks.iter().position(|lock| lock.address == address)
            && self.locks[index].is_forgettable()
        {
            self.locks.swap_remove(index);
        }
    }

    /// `actor` does not wait any more and did not get what it waited for: a signal or a timeout.
    pub fn gave_up(&mut self, actor: Actor) {
        self.end_wait(actor);
    }

    /// `task` has returned from its body. What it has it will never give back.
    pub fn ended(&mut self, task: TaskId) {
        self.end_wait(Actor::task(task));
        self.locks.iter_mut().for_each(|lock| lock.ended(task));
    }

    /// The lock that `actor` waits for.
    pub fn awaited_by(&self, actor: Actor) -> Option<LockName> {
        self.wait_of(actor).map(|index| self.waits[index].lock)
    }

    /// Whether somebody waits.
    pub fn is_waiting(&self) -> bool {
        !self.waits.is_empty()
    }

    /// Waits, acquisitions and releases of this round that there was no room for. When it is not zero nothing
    /// is certain any more, and a deadlock is found by [`Graph::stuck`] only.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    pub(super) fn wait_of(&self, actor: Actor) -> Option<usize> {
        self.waits.iter().position(|wait| wait.actor == actor)
    }

    pub(super) fn lock(&self, address: usize) -> Option<&Lock> {
        self.locks.iter().find(|lock| lock.address == address)
    }

    fn end_wait(&mut self, actor: Actor) {
        if let Some(index) = self.wait_of(actor) {
            self.waits.swap_remove(index);
        }
    }

    /// What is known of the lock at `address`, from now on if nothing was; `None` when there is no room.
    fn entry(&mut self, address: usize) -> Option<&mut Lock> {
        let index = match self.locks.iter().position(|lock| lock.address == address) {
            Some(index) => index,
            None if self.locks.len() == LOCKS => return None,
            None => {
                self.locks.push(Lock::new(address));
                self.locks.len() - 1
            }
        };
        self.locks.get_mut(index)
    }
}
