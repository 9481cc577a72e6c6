//! What is offered to drivers in C: functions over the lab's own primitives, one noun a file. What each means
//! stands in `include/`, where it is declared.

mod bug;
mod chrdev;
mod completion;
mod debugfs;
mod device;
mod file;
pub(super) mod interrupt;
mod irq;
mod jiffies;
pub(super) mod kthread;
mod made;
pub(super) mod module;
mod mutex;
mod number;
mod port;
mod printk;
mod proc;
pub(super) mod random;
mod rcu;
mod rwlock;
mod rwsem;
mod sched;
mod semaphore;
mod seq;
pub(super) mod slab;
mod spinlock;
mod stack;
mod string;
mod sysfs;
pub(super) mod tasklet;
mod time;
pub(super) mod timer;
mod tsan;
mod user;
pub(super) mod wait;
pub(super) mod work;

/// All of them, for the table of names.
pub(super) mod all {
    pub(in crate::module) use super::bug::*;
    pub(in crate::module) use super::chrdev::*;
    pub(in crate::module) use super::completion::*;
    pub(in crate::module) use super::debugfs::*;
    pub(in crate::module) use super::device::*;
    pub(in crate::module) use super::file::*;
    pub(in crate::module) use super::interrupt::{
        __scullery_interrupt, disable_irq, disable_irq_nosync, enable_irq, free_irq, probe_irq_off,
        probe_irq_on, request_irq, synchronize_irq,
    };
    pub(in crate::module) use super::irq::*;
    pub(in crate::module) use super::jiffies::*;
    pub(in crate::module) use super::kthread::{
        __scullery_kthread, kthread_complete_and_exit, kthread_exit, kthread_should_stop, kthread_stop,
    };
    pub(in crate::module) use super::module::*;
    pub(in crate::module) use super::mutex::*;
    pub(in crate::module) use super::number::*;
    pub(in crate::module) use super::port::*;
    pub(in crate::module) use super::printk::*;
    pub(in crate::module) use super::proc::*;
    pub(in crate::module) use super::random::{get_random_bytes, get_random_u64};
    pub(in crate::module) use super::rcu::*;
    pub(in crate::module) use super::rwlock::*;
    pub(in crate::module) use super::rwsem::*;
    pub(in crate::module) use super::sched::*;
    pub(in crate::module) use super::semaphore::*;
    pub(in crate::module) use super::seq::*;
    pub(in crate::module) use super::slab::*;
    pub(in crate::module) use super::spinlock::*;
    pub(in crate::module) use super::stack::*;
    pub(in crate::module) use super::string::*;
    pub(in crate::module) use super::sysfs::*;
    pub(in crate::module) use super::tasklet::{
        __tasklet_init, tasklet_disable, tasklet_enable, tasklet_kill, tasklet_schedule,
    };
    pub(in crate::module) use super::time::*;
    pub(in crate::module) use super::timer::{
        __timer_setup, add_timer, add_timer_on, mod_timer, timer_delete, timer_delete_sync, timer_pending,
    };
    pub(in crate::module) use super::tsan::*;
    pub(in crate::module) use super::user::*;
    pub(in crate::module) use super::wait::*;
    pub(in crate::module) use super::work::{
        __scullery_delayed, __scullery_queue, cancel_delayed_work, cancel_delayed_work_sync, cancel_work,
        cancel_work_sync, destroy_workqueue, flush_delayed_work, flush_work, flush_workqueue,
        mod_delayed_work, queue_delayed_work, queue_work, work_busy, work_pending,
    };
}

/// Makes what is kept of drivers' structures, if that was not done.
pub(super) fn make_records() {
    interrupt::make();
    tasklet::make();
    timer::make();
    work::make();
}

/// The memory of `range` is freed: nothing that is to run may lie there.
fn freed(range: &core::ops::Range<usize>) {
    super::later::freed(range);
    timer::freed(range);
    tasklet::freed(range);
    work::freed(range);
}
