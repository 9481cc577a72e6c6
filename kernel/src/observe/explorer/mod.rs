//! Every execution of an experiment, in the kernel: all its tasks are on one CPU, each waits before each of
//! its steps for its turn, and a [`Search`](kcore::explore::Search) says which goes on. What is a step is
//! what is told ([decision 44](../../../../docs/decisions/0044-the-kernel-explores-on-one-cpu.md)).
//!
//! | file | noun |
//! |---|---|
//! | `world` | one execution at a time: its parts, what each wants to do next, and what was found |
//! | `names` | what addresses are called that are others in the next execution |
//! | `ear` | what is told, as steps |
//! | `turns` | who has the CPU: tasks that hand it on, and the interrupt on top of one |

mod ear;
mod names;
mod turns;
mod world;

pub use ear::rest;
pub use turns::{Mode, begin, close, end, is_open, open, race};
