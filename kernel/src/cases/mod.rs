//! The in-kernel test cases: what can only be seen from inside.
//!
//! Each is a function that returns what did not hold. [`case!`](crate::case) puts it into the linker section
//! `.cases`, where the program `test` finds them all.
//!
//! - [`case`]: what a case is, and its assertions.
//! - `crew`: a task on each CPU; `breaking`: a driver that breaks the task that uses it.
//! - `steps`: a CPU that stops at a chosen instruction of the context switch.
//! - the others: the cases, by what they are about.

mod breaking;
pub mod case;
mod certainty;
mod chrdev;
mod console;
mod cpus;
mod crew;
mod device;
mod estate;
mod events;
mod explorer;
mod family;
mod fs;
mod fuzz;
mod heap;
mod kmemleak;
mod locks;
mod midswitch;
mod oops;
mod paging;
mod preemption;
mod quarantine;
mod recycling;
mod seats;
mod signals;
mod softirqs;
mod stacks;
pub(crate) mod steps;
mod switching;
mod symbols;
mod tasklets;
mod tasks;
mod timers;
mod twin;
mod unplug;
mod watchdogs;
mod works;

pub use case::{Answer, Case, all, set_seed};
