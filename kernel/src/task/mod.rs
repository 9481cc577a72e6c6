//! Tasks: pinned to a CPU, each with its own guarded stack, cooperative.
//!
//! - [`table`]: the tasks, and who may touch what of them.
//! - [`queue`]: the run queue of each CPU; block, wake, yield; the idle loop.
//! - [`mod@spawn`]: starting tasks and waiting for their end.

pub mod queue;
pub mod spawn;
pub mod table;

pub use queue::{block, current, halt_in_place, wake, yield_now};
pub use spawn::{JoinHandle, SpawnError, spawn};
pub use table::{Name, name_of};
