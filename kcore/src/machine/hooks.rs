//! What happens to shared memory and to locks, and who wants to hear of it.

use core::panic::Location;

/// A place in the program where a task touches something shared, without saying how: `slot`, `size`, `copy`.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// The name, as scripts and reports write it.
    pub name: &'static str,
}

impl Site {
    /// A site called `name`.
    pub const fn new(name: &'static str) -> Self {
        Site { name }
    }
}

/// What happens at a [`Site`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A load of a [`Shared`](crate::shared::Shared) location. Written `slot.load`.
    Load,
    /// A store of `value` (a pointer or a number). Written `slot.store`.
    Store(usize),
    /// A named probe without an access. Written as the site's bare name.
    Pass,
}

/// One access to shared memory, or one named probe: what a task is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Where.
    pub site: &'static Site,
    /// What.
    pub op: Op,
    /// The address of the location (0 for [`Op::Pass`]).
    pub address: usize,
    /// The source line.
    pub location: &'static Location<'static>,
}

impl Access {
    /// Whether `point` (as in `slot.load`, `slot.store`, `copy`) names this access.
    pub fn is(&self, point: &str) -> bool {
        let rest = match point.strip_prefix(self.site.name) {
            Some(rest) => rest,
            None => return false,
        };
        match self.op {
            Op::Load => rest == ".load",
            Op::Store(_) => rest == ".store",
            Op::Pass => rest.is_empty(),
        }
    }
}

/// What happens to an observed lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockEvent {
    /// The task found the lock taken and is about to spin or sleep.
    Wait,
    /// The task has the lock.
    Acquired,
    /// The task is about to give the lock back.
    Release,
    /// The task stops waiting and has no lock: a signal or a deadline came first, or what it waited for is nothing to have
    /// (the condition of a [`WaitQueue`](crate::sync::WaitQueue)).
    GaveUp,
}

/// How a primitive waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It spins; its holder must not sleep.
    Spins,
    /// It sleeps, until whoever has the lock gives it back.
    Sleeps,
    /// It sleeps until somebody says so, whoever that is: a completion or a semaphore that signals. Who acquired it last
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

bitflags::bitflags! {
    /// Who is listening. Checked before each hook is called: one relaxed load and one predictable branch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Listeners: u8 {
        /// A probe mode is active: call [`Hooks::access`] for every access and every named probe, and
        /// [`Hooks::lock`] for every lock event.
        const PROBE = 1;
        /// Stores are logged, with the locks they happen under: call [`Hooks::access`], [`Hooks::storing`] and
        /// [`Hooks::stored`] for every store, and [`Hooks::lock`] for every lock event.
        const TRACE = 2;
        /// The wait-for graph is kept: call [`Hooks::lock`] for every lock event.
        const WATCH = 4;
        /// Somebody asks what each task holds: call [`Hooks::lock`] for every lock event.
        const HELD = 8;
    }
}

/// The three hooks that everything later hangs on: accesses, lock events, allocations (the last in [`Memory`](super::Memory)).
pub trait Hooks {
    /// Who is listening now.
    #[inline]
    fn listeners() -> Listeners {
        Listeners::empty()
    }
    /// A task is about to make `access`. May put the task to sleep.
    fn access(_access: &Access) {}
    /// A task is about to store to `bytes` bytes from the address of `access` on, now: whatever it had to wait for is over. Called
    /// while stores are logged.
    fn storing(_access: &Access, _bytes: usize) {}
    /// It has done so, and found there this just before and just after it; [`None`] if it has stored nothing after all.
    fn stored(_access: &Access, _saw: Option<[usize; 2]>) {}
    /// Something happens to the lock at `address`.
    fn lock(_event: LockEvent, _lock: &LockName, _address: usize, _location: &'static Location<'static>) {}
    /// The caller spins for an observed lock, and does so again and again. Never returns when the watchdog has given up
    /// the caller's task.
    #[inline(always)]
    fn spinning() {}
}
