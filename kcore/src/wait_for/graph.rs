//! The events.

use alloc::vec::Vec;

use super::actor::Seat;
use super::finding::Finding;
use super::set::Set;
use super::tasks::Tasks;
use crate::event::{Actor, LockId, LockName, LockStep, Mode, Waiting};
use crate::holds::{Lock, Locks};
use crate::machine::TaskId;
use crate::place::Place;

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
    /// How it would have it.
    pub(super) mode: Mode,
    pub(super) address: usize,
    pub(super) at: Place,
    /// When, in changes of locks.
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
    locks: Locks<Actor>,
    /// Waits that there was no room for.
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
        let mut waits = Vec::new();
        waits.try_reserve_exact(WAITS).ok()?;
        Some(Graph { waits, locks: Locks::try_new(LOCKS)?, unseen: 0 })
    }

    /// A round begins: nobody waits, no lock is held. To be called while no task of the experiment runs.
    pub fn forget_all(&mut self) {
        self.waits.clear();
        self.locks.forget_all();
        self.unseen = 0;
    }

    /// `actor`, which sits on its CPU as `seat` says, takes `step` with `lock`. After a
    /// [wait](LockStep::Wait) it is [searched](Graph::search).
    pub fn step(
        &mut self,
        actor: Actor,
        seat: Seat,
        step: LockStep,
        lock: &LockId,
        at: Place,
        tasks: &impl Tasks,
    ) -> Option<Finding> {
        self.tell(actor, seat, step, lock, at);
        (step == LockStep::Wait).then(|| self.search(actor, tasks)).flatten()
    }

    /// [`step`](Graph::step), after which nothing is searched.
    pub fn tell(&mut self, actor: Actor, seat: Seat, step: LockStep, lock: &LockId, at: Place) {
        if matches!(step, LockStep::Wait | LockStep::Acquired | LockStep::GaveUp) {
            self.end_wait(actor);
        }
        self.locks.step(actor, step, lock, at);
        let LockId { address, name: lock, mode } = *lock;
        match step == LockStep::Wait {
            true if self.waits.len() == WAITS => self.unseen += 1,
            true => {
                self.waits.push(Wait { actor, seat, lock, mode, address, at, since: self.locks.changes() })
            }
            false => {}
        }
    }

    /// `task` has returned from its body. What it has it will never give back.
    pub fn ended(&mut self, task: TaskId) {
        self.end_wait(Actor::task(task));
        self.locks.ended(Actor::task(task));
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
        self.unseen + self.locks.unseen()
    }

    pub(super) fn wait_of(&self, actor: Actor) -> Option<usize> {
        self.waits.iter().position(|wait| wait.actor == actor)
    }

    pub(super) fn lock(&self, wait: &Wait) -> Option<&Lock<Actor>> {
        self.locks.get(wait.address).filter(|lock| wait.lock.waiting != Waiting::Event && lock.is_owned())
    }

    fn end_wait(&mut self, actor: Actor) {
        if let Some(index) = self.wait_of(actor) {
            self.waits.swap_remove(index);
        }
    }
}
