//! The participants: which can run, which cannot, and why.

use alloc::vec;
use alloc::vec::Vec;

use super::engine::Wake;
use super::reason::Obstacle;
use crate::event::{LockName, Waiting};
use crate::holds::{Lock, Locks};
use crate::leak::Hidden;
use crate::machine::CpuId;

/// As many locks as there can be participants. A lock beyond them counts as held by an unknown actor.
const LOCKS: usize = 64;

/// Where a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not started in this round; it will come.
    Absent,
    /// On its way to its next event.
    Running,
    /// Asleep before its first action, until a script comes to it.
    AtStart,
    /// Asleep at a point. `atomic`: it holds a spinlock, so it halts its CPU in place and no other task runs
    /// there.
    AtPoint { atomic: bool },
    /// Asleep until another wakes it, wherever that is but at a point.
    Asleep,
    /// Waiting for a lock.
    LockWait { address: Hidden, lock: LockName },
    /// Through with this round.
    Finished,
}

#[derive(Debug)]
struct Member {
    state: State,
    /// Tasks are pinned. None until it is known.
    cpu: Option<CpuId>,
}

/// All participants of an experiment.
#[derive(Debug)]
pub(super) struct Crew {
    members: Vec<Member>,
    /// Who has which, of the participants.
    pub(super) locks: Locks<u8>,
}

impl Crew {
    pub(super) const NOBODY: Crew = Crew { members: Vec::new(), locks: Locks::NONE };

    pub(super) fn new(participants: u32) -> Self {
        let mut members = vec![];
        members.resize_with(participants as usize, || Member { state: State::Absent, cpu: None });
        Crew { members, locks: Locks::new(LOCKS) }
    }

    pub(super) fn begin_round(&mut self) {
        self.members.iter_mut().for_each(|member| member.state = State::Absent);
        self.locks.forget_all();
    }

    pub(super) fn has(&self, who: u8) -> bool {
        usize::from(who) < self.members.len()
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn state(&self, who: u8) -> State {
        self.members[usize::from(who)].state
    }

    pub(super) fn set(&mut self, who: u8, state: State) {
        if self.has(who) {
            self.members[usize::from(who)].state = state;
        }
    }

    pub(super) fn pin(&mut self, who: u8, cpu: CpuId) {
        if self.has(who) {
            self.members[usize::from(who)].cpu = Some(cpu);
        }
    }

    pub(super) fn is(&self, who: u8, state: State) -> bool {
        self.has(who) && self.state(who) == state
    }

    pub(super) fn at_point(&self, who: u8) -> bool {
        self.has(who) && matches!(self.state(who), State::AtPoint { .. })
    }

    pub(super) fn at_start(&self, who: u8) -> bool {
        self.is(who, State::AtStart)
    }

    /// Lets `who` go on from its point or from the start.
    pub(super) fn release(&mut self, who: u8) -> Wake {
        self.set(who, State::Running);
        1 << who
    }

    pub(super) fn all(&self) -> impl Iterator<Item = u8> + use<> {
        0..self.members.len() as u8
    }

    /// Why `who` cannot go on by itself; None when it can, or when only its turn is missing.
    pub(super) fn obstacle(&self, who: u8) -> Option<Obstacle> {
        if !self.has(who) {
            return Some(Obstacle::Nobody);
        }
        match self.state(who) {
            State::Finished => Some(Obstacle::Finished),
            State::LockWait { address, lock } if self.is_taken(address) => {
                let holder = self.locks.get(address.address()).and_then(|lock| lock.holders().last());
                Some(Obstacle::Lock { name: lock.name, holder: holder.map(|holder| holder.actor) })
            }
            State::Asleep => Some(Obstacle::Asleep),
            State::LockWait { .. }
            | State::Absent
            | State::AtStart
            | State::Running
            | State::AtPoint { .. } => self.occupant(who),
        }
    }

    /// Whether no participant does anything any more unless a point is opened.
    pub(super) fn is_quiet(&self) -> bool {
        self.all().all(|who| self.at_point(who) || self.at_start(who) || self.obstacle(who).is_some())
    }

    /// Whether `who` waits for a lock that it is about to get, since no participant has it any more. What is
    /// waited for until it happens is no lock: that it has happened once says nothing.
    pub(super) fn is_about_to_get_its_lock(&self, who: u8) -> bool {
        match self.state(who) {
            State::LockWait { address, lock } => {
                lock.waiting != Waiting::Event && self.locks.get(address.address()).is_some_and(Lock::is_free)
            }
            _ => false,
        }
    }

    /// Whether `who` is kept from running by another participant that keeps the CPU they share.
    pub(super) fn is_shut_out(&self, who: u8) -> bool {
        self.occupant(who).is_some()
    }

    /// The participant that keeps the CPU of `who`: it waits at a point and may not sleep there, or it spins
    /// for a lock that is held.
    fn occupant(&self, who: u8) -> Option<Obstacle> {
        let cpu = self.members[usize::from(who)].cpu?;
        let by = self.all().find(|other| {
            *other != who && self.members[usize::from(*other)].cpu == Some(cpu) && self.keeps_cpu(*other)
        })?;
        Some(Obstacle::Cpu { by })
    }

    /// Whether one that waits for the lock at `address` is not about to get it. One that is not known no
    /// participant ever had.
    fn is_taken(&self, address: Hidden) -> bool {
        self.locks.get(address.address()).is_none_or(Lock::is_taken)
    }

    fn keeps_cpu(&self, who: u8) -> bool {
        match self.state(who) {
            State::AtPoint { atomic } => atomic,
            State::LockWait { address, lock } => lock.waiting == Waiting::Spins && self.is_taken(address),
            State::Absent | State::AtStart | State::Running | State::Asleep | State::Finished => false,
        }
    }
}
