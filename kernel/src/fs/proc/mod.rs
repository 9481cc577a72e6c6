//! The files of `/proc`.
//!
//! - `table`: their names: those that are always there, and those of the tasks. What modules add is `made`.
//! - `memory`: `meminfo`, `slabinfo`.
//! - `system`: `version`, `mounts`, `interrupts`, `uptime`, `cpuinfo`; `devices`, `modules`, `lock_stat`.
//! - `task`: `PID/status`, `PID/stack`.

mod memory;
mod system;
mod table;
mod task;

pub use system::MOUNTS;
pub(super) use table::{TASK_FILES, find, find_of_task, names};
