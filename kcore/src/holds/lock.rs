//! The holders of each lock.

use alloc::vec::Vec;

use crate::event::{LockId, LockStep, Mode};
use crate::leak::Hidden;
use crate::list::List;
use crate::place::Place;

/// Holders of one lock that are known by name. Of more than these it is only known how many.
pub const HOLDERS: usize = 8;

/// An actor that has a lock, or one unit of it.
#[derive(Clone, Copy, Debug)]
pub struct Holder<A> {
    /// Which.
    pub actor: A,
    /// How.
    pub mode: Mode,
    /// The line that took it.
    pub since: Place,
    /// It gives nothing back any more: its task has returned.
    pub ended: bool,
}

/// A lock that was heard of.
#[derive(Clone, Debug)]
pub struct Lock<A> {
    /// Hidden: where a lock was that is gone, a block may be that is lost, and this book must not keep it.
    address: Hidden,
    holders: List<Holder<A>, HOLDERS>,
    /// An actor gave it back that did not have it: who acquired it tells nothing about who will give it.
    signals: bool,
    /// The most that had it [exclusively](Mode::Exclusive) at once: more than one where it has units.
    most: usize,
    /// When it was taken last, and given back last, in changes of the book.
    acquired: u64,
    released: u64,
}

/// Who has which lock, as far as lock events tell: the holders are known as `A`. Only [`new`](Locks::new) and
/// [`try_new`](Locks::try_new) allocate.
#[derive(Debug)]
pub struct Locks<A> {
    /// At most one for each address.
    locks: Vec<Lock<A>>,
    changes: u64,
    unseen: usize,
}

impl<A: Copy + PartialEq> Locks<A> {
    /// A book with no room.
    pub const NONE: Self = Locks { locks: Vec::new(), changes: 0, unseen: 0 };

    /// An empty book with room for so many locks. A lock of which no more is known than that it was given
    /// back makes room for another.
    pub fn new(room: usize) -> Self {
        Locks { locks: Vec::with_capacity(room), ..Self::NONE }
    }

    /// [`new`](Locks::new), or [`None`] when there is no memory for it.
    pub fn try_new(room: usize) -> Option<Self> {
        let mut locks = Vec::new();
        locks.try_reserve_exact(room).ok()?;
        Some(Locks { locks, ..Self::NONE })
    }

    /// No lock is held.
    pub fn forget_all(&mut self) {
        self.locks.clear();
        self.unseen = 0;
    }

    /// What is known of the lock at `address`.
    pub fn get(&self, address: usize) -> Option<&Lock<A>> {
        self.locks.iter().find(|lock| lock.address == Hidden::new(address))
    }

    /// How often a lock has changed hands.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Changes of locks that there was no room for.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// `actor` takes `step` with `lock`. It need not have taken the lock that it gives back: then that is a
    /// signal, and its holders mean nothing from then on.
    pub fn step(&mut self, actor: A, step: LockStep, lock: &LockId, since: Place) {
        if matches!(step, LockStep::Wait | LockStep::GaveUp) {
            return;
        }
        self.changes += 1;
        let now = self.changes;
        let Some(known) = self.entry(lock.address) else {
            self.unseen += 1;
            return;
        };
        match step {
            LockStep::Acquired => known.acquired(Holder { actor, mode: lock.mode, since, ended: false }, now),
            LockStep::Release => known.released(actor, now),
            LockStep::Downgraded => known.holders_as(actor).for_each(|holder| holder.mode = Mode::Shared),
            LockStep::Wait | LockStep::GaveUp => {}
        }
    }

    /// `actor` gives nothing back any more.
    pub fn ended(&mut self, actor: A) {
        self.locks.iter_mut().flat_map(|lock| lock.holders_as(actor)).for_each(|holder| holder.ended = true);
    }

    /// What is known of the lock at `address`, from now on if nothing was; [`None`] when there is no room.
    fn entry(&mut self, address: usize) -> Option<&mut Lock<A>> {
        let address = Hidden::new(address);
        let known = self.locks.iter().position(|lock| lock.address == address);
        let index = match known {
            Some(index) => index,
            None => {
                let new =
                    Lock { address, holders: List::new(), signals: false, most: 0, acquired: 0, released: 0 };
                if self.locks.len() < self.locks.capacity() {
                    self.locks.push(new);
                    self.locks.len() - 1
                } else {
                    let index = self.locks.iter().position(Lock::is_forgettable)?;
                    self.locks[index] = new;
                    index
                }
            }
        };
        self.locks.get_mut(index)
    }
}

impl<A: Copy + PartialEq> Lock<A> {
    /// Those that are known by name.
    pub fn holders(&self) -> impl Iterator<Item = &Holder<A>> {
        self.holders.iter()
    }

    /// Whether no actor has it.
    pub fn is_free(&self) -> bool {
        self.holders.is_empty()
    }

    /// Whether the last that came of it was that an actor took it: who waits for it is not about to get it
    /// then. A lock with a mistake is free as soon as one of its owners has given it back, however many it
    /// has.
    pub fn is_taken(&self) -> bool {
        !self.is_free() && (self.is_held_as(Mode::Shared) || self.acquired > self.released)
    }

    /// Whether no unit is left of it: an actor has it, and not fewer have it than once had it at a time.
    fn is_all_taken(&self) -> bool {
        !self.is_free() && (self.is_held_as(Mode::Shared) || self.count() >= self.most)
    }

    /// Whether those who have it, and no other actor, can help one that waits for it.
    pub fn is_owned(&self) -> bool {
        !self.signals && self.holders.dropped() == 0 && !self.holders.is_empty()
    }

    /// Whether an actor that waits for it as `mode` says, since `since` [changes](Locks::changes), really has
    /// not got it, though events come late: between the moment in which a lock changes hands and the event
    /// that says so, the new holder still seems to wait.
    ///
    /// With one holder at a time that cannot mislead: while one is known to have it, no other does; nor does
    /// a writer while a reader has it, or a reader while a writer has it. Where several share it, or its
    /// units, another unit may be on its way to the waiter.
    pub fn is_withheld(&self, mode: Mode, since: u64) -> bool {
        let is_old = self.released <= since;
        match mode {
            Mode::Exclusive => {
                self.is_held_as(Mode::Shared) || self.most <= 1 || (self.is_all_taken() && is_old)
            }
            Mode::Shared => self.is_held_as(Mode::Exclusive) || is_old,
            Mode::Passing => false,
        }
    }

    fn acquired(&mut self, holder: Holder<A>, now: u64) {
        self.acquired = now;
        self.holders.push(holder);
        if holder.mode == Mode::Exclusive {
            self.most = self.most.max(self.count());
        }
    }

    fn released(&mut self, actor: A, now: u64) {
        self.released = now;
        let own =
            self.holders.take(|holder| holder.actor == actor).is_some() || self.holders.forget_dropped();
        if !own {
            self.signals = true;
            self.holders.take(|_| true);
        }
    }

    fn holders_as(&mut self, actor: A) -> impl Iterator<Item = &mut Holder<A>> {
        self.holders.iter_mut().filter(move |holder| holder.actor == actor)
    }

    fn is_held_as(&self, mode: Mode) -> bool {
        self.holders().any(|holder| holder.mode == mode)
    }

    /// Whether it says no more than a missing one would, but that it was there.
    fn is_forgettable(&self) -> bool {
        self.is_free() && !self.signals && self.most <= 1
    }

    fn count(&self) -> usize {
        self.holders.len() + self.holders.dropped()
    }
}
