//! A machine made of the host's threads, for tests (feature `host`; the only part of this crate that uses
//! `std`).
//!
//! A [`Host`] is one such machine: its threads are tasks, each on a CPU of its own; its memory is poisoned,
//! accounted for and never handed out twice; its hooks go to a listener of the test's choice. [`HostMachine`]
//! is the type that code under test is generic over: it finds the `Host` of the thread that runs it, so tests
//! that run side by side do not see each other. [`run`] runs an experiment of the catalogue on one.
//!
//! ```
//! use kcore::host::{Host, HostMachine};
//! use kcore::sync::SpinLock;
//!
//! let host = Host::new();
//! let sum: SpinLock<usize, HostMachine> = SpinLock::new(kcore::class!("sum"), 0);
//! host.tasks(4, |writer| *sum.lock() += writer);
//! assert_eq!(sum.into_inner(), 6);
//! ```

mod alike;
mod arena;
#[cfg(feature = "explore")]
pub mod explored;
mod machine;
mod rig;
mod task;
mod warden;

pub use arena::{Account, LiveBlock};
pub use machine::{Host, HostMachine, Listener};
pub use rig::{Outcome, body_of, run};
pub use task::{Tasks, until};
