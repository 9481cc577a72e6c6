//! The files of `/proc`.
//!
//! - `table`: their names: those that are always there, those of the tasks, and what modules [add](add_file)
//!   and [remove](remove_file).
//! - `memory`: `meminfo`, `slabinfo`.
//! - `system`: `version`, `mounts`, `interrupts`, `uptime`, `cpuinfo`; `devices`, `modules`, `lock_stat`.
//! - `task`: `PID/status`, `PID/stack`.

mod memory;
mod system;
mod table;
mod task;

pub use system::MOUNTS;
pub(crate) use table::is_free;
pub(super) use table::{TASK_FILES, find, find_of_task, names};
pub use table::{add_file, remove_file};
