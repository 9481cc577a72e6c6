//! Tasks: pinned to a CPU, each with its own guarded stack; preemptive, round robin, with a time slice.
//!
//! - [`table`]: the tasks, and which task may touch what of them.
//! - [`queue`]: the run queue of each CPU.
//! - [`schedule`]: block, wake, yield, preempt; the idle loop; the switch.
//! - [`mod@spawn`]: starting tasks, asking them to stop, and waiting for their end.
//! - [`mod@sleep`], [`signal`]: sleeping for a time, and what ends a sleep early.
//! - [`doom`]: tasks that are given up; `mortal`: tasks that may die alone.
//! - `listener`: what hears of what the scheduler does; `sched`: what of it `kcore` sees.
//! - [`quiet`]: when a run has come to a stop.
//! - `names`: what tasks were called that have ended.
//! - [`listing`]: all tasks, as `ps` shows them, and where one is that does not run.

pub mod doom;
pub(crate) mod listener;
pub mod listing;
pub(crate) mod mortal;
mod names;
pub mod queue;
pub mod quiet;
mod sched;
pub mod schedule;
pub mod signal;
pub mod sleep;
pub mod spawn;
pub mod table;

pub use crate::mm::shortage;
pub use names::has_died;
pub(crate) use names::remember_death;
pub use queue::current;
pub use schedule::{block, block_until, cond_resched, halt_in_place, wake, yield_now};
pub(crate) use schedule::{block_untold, wake_untold};
pub use signal::Signal;
pub use sleep::sleep;
pub use spawn::{JoinHandle, SpawnError, join_all, should_stop, spawn, spawn_anywhere, spawn_mortal};
pub use table::{Name, name_of};
