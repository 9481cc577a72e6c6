//! What is offered to drivers in C: functions over the lab's own primitives, one noun a file. What each means
//! stands in `include/`, where it is declared.

mod bug;
mod chrdev;
mod completion;
mod file;
mod irq;
pub(super) mod module;
mod mutex;
mod number;
mod printk;
mod proc;
mod sched;
mod semaphore;
mod seq;
pub(super) mod slab;
mod spinlock;
mod string;
mod time;
mod tsan;
mod user;
pub(super) mod wait;

/// All of them, for the table of names.
pub(super) mod all {
    pub(in crate::module) use super::bug::*;
    pub(in crate::module) use super::chrdev::*;
    pub(in crate::module) use super::completion::*;
    pub(in crate::module) use super::file::*;
    pub(in crate::module) use super::irq::*;
    pub(in crate::module) use super::module::*;
    pub(in crate::module) use super::mutex::*;
    pub(in crate::module) use super::number::*;
    pub(in crate::module) use super::printk::*;
    pub(in crate::module) use super::proc::*;
    pub(in crate::module) use super::sched::*;
    pub(in crate::module) use super::semaphore::*;
    pub(in crate::module) use super::seq::*;
    pub(in crate::module) use super::slab::*;
    pub(in crate::module) use super::spinlock::*;
    pub(in crate::module) use super::string::*;
    pub(in crate::module) use super::time::*;
    pub(in crate::module) use super::tsan::*;
    pub(in crate::module) use super::user::*;
    pub(in crate::module) use super::wait::*;
}
