//! What happens to locks.

/// How a primitive waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It spins; its holder must not sleep.
    Spins,
    /// It sleeps, until the holder gives it back.
    Sleeps,
    /// It sleeps until another actor says so, whichever that is: a completion or a semaphore that signals. Who acquired it last
    /// does not have it in any sense, so no deadlock is deduced from that.
    Event,
}

/// The name and class of a lock. Locks of one class are taken by the same rules (`docs/LOCK_ORDER.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockName {
    /// This lock: `scull0.lock`.
    pub name: &'static str,
    /// All locks of its kind: `scull.lock`.
    pub class: &'static str,
    /// Spinning or sleeping.
    pub waiting: Waiting,
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
    /// The actor stops waiting and has no lock: a signal or a deadline came first, or what it waited for is nothing to have
    /// (the condition of a [`WaitQueue`](crate::sync::WaitQueue)).
    GaveUp,
}
