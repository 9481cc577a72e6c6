//! Every execution of an experiment, on the host: its tasks are coroutines, and a
//! [`Search`](crate::explore::Search) says before each step which of them goes on.
//!
//! | file | noun |
//! |---|---|
//! | `region` | memory that is the same in each execution, and the [`Allocator`] that gives it |
//! | `machine` | [`Explored`]: the machine on which the bodies run |
//! | `world` | one execution at a time: its tasks, and what was found |
//! | `task` | a task: where it is, and what it wants to do next |
//! | `buffer` | stores that no other task sees yet |
//! | `failure` | allocations that fail |
//! | `repeat` | steps that are made as they were in the execution before |
//! | `watchdog` | what is wrong with an execution |
//! | `body` | what a task does, and what is left when that panics |
//! | `quiet` | panics of tasks, which are found and not printed |
//! | `ended` | what ends waits; [`Inside`]: the machine for primitives from within |
//! | `model` | all executions of some tasks that are no experiment |
//! | `rig` | the machine as the experiments see it |
//! | `transcript` | what is written down of an execution that people will read |
//! | `jobs` | [`Jobs`]: searches of several threads, which share what is to be made |
//! | `walk` | [`Walk`]: those with few preemptions first |
//! | `survey` | all executions of an experiment, and what they came to |

mod body;
mod buffer;
mod ended;
mod failure;
mod jobs;
mod machine;
mod model;
mod quiet;
mod region;
mod repeat;
mod rig;
mod survey;
mod task;
mod transcript;
mod walk;
mod watchdog;
mod world;

pub use ended::{Inside, Told};
pub use jobs::{Jobs, Progress};
pub use machine::Explored;
pub use model::{Checked, check};
pub use region::Allocator;
pub use survey::Subject;
pub use walk::Walk;
