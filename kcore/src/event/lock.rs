//! What happens to locks.

use super::class::Class;

/// How a primitive waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It spins; its holder must not sleep.
    Spins,
    /// It sleeps, until the holder gives it back.
    Sleeps,
    /// It sleeps until another actor says so, whichever that is: a completion or a semaphore that signals.
    /// Who acquired it last does not have it in any sense, so no deadlock is deduced from that.
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

    /// Of an [event](Waiting::Event), which nobody has.
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
