//! What happens to locks.

use super::class::Class;

/// How a primitive waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It spins; its holder must not sleep.
    Spins,
    /// It sleeps, until the holder gives it back.
    Sleeps,
    /// The same, and its waiters do not look for a while before they sleep.
    Queues,
    /// It sleeps until another actor says so, whichever that is: a completion or a semaphore that signals.
    /// The task that acquired it last does not have it in any sense, so no deadlock is deduced from that.
    Event,
}

/// The name and class of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockName {
    /// This lock: `scull0.lock`.
    pub name: &'static str,
    /// That of all locks of its kind.
    pub class: Class,
    /// Spinning or sleeping.
    pub waiting: Waiting,
}

impl LockName {
    /// Of a lock that [spins](Waiting::Spins).
    pub const fn spins(name: &'static str, class: Class) -> Self {
        LockName { name, class, waiting: Waiting::Spins }
    }

    /// Of one that [sleeps](Waiting::Sleeps).
    pub const fn sleeps(name: &'static str, class: Class) -> Self {
        LockName { name, class, waiting: Waiting::Sleeps }
    }

    /// Of an [event](Waiting::Event), which no task has.
    pub const fn event(name: &'static str) -> Self {
        LockName { name, class: Class::EVENT, waiting: Waiting::Event }
    }
}

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By one actor at a time; or one unit of several.
    Exclusive,
    /// Together with others that take it so.
    Shared,
    /// Not at all: it is waited for until no actor has it [exclusively](Mode::Exclusive).
    Passing,
}

/// An observed lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockId {
    /// Where it is: what tells two locks apart.
    pub address: usize,
    /// What it is called.
    pub name: LockName,
    /// How it is taken, waited for, or given back.
    pub mode: Mode,
}

/// The units of a lock that can be shared: a sharer takes one, a sole holder takes all.
pub const ALL_UNITS: u64 = 1 << 32;

/// What an actor is about to do with the units of a lock. A lock of one owner has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It takes so many, and waits until they are free.
    Take(u64),
    /// It takes so many if they are free.
    TryTake(u64),
    /// It gives so many.
    Give(u64),
    /// As many as any actor will ever want are free from now on.
    GiveAll,
    /// None is free any more.
    Withdraw,
    /// It joins or leaves the waiters, or takes some of them out: one step to all others.
    Queue,
}

/// What happens to an observed lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStep {
    /// The actor found the lock taken and is about to spin or sleep.
    Wait,
    /// The actor has the lock.
    Acquired,
    /// The actor is about to give the lock back.
    Release,
    /// The actor had the lock [exclusively](Mode::Exclusive) and [shares](Mode::Shared) it from now on.
    Downgraded,
    /// The actor stops waiting and has no lock: a signal or a deadline came first, or what it waited for is
    /// nothing to have (the condition of a [`WaitQueue`](crate::sync::WaitQueue)).
    GaveUp,
}
