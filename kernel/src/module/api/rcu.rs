//! Read-copy-update (`linux/rcupdate.h`): a reader keeps its CPU, so all that read before are through when
//! each CPU has run another task.

use core::ffi::c_void;

use super::bug::may_sleep;
use crate::arch::smp;
use crate::task::{self, yield_now};

pub(in crate::module) extern "C" fn synchronize_rcu() {
    may_sleep("synchronize_rcu");
    for cpu in 0..smp::cpus() {
        loop {
            match task::spawn("rcu", cpu, || ()) {
                Ok(passage) => {
                    passage.join();
                    break;
                }
                // The table of tasks is full, or there is no memory: both pass.
                Err(_) => yield_now(),
            }
        }
    }
}

/// Frees a block when all that read before are through.
pub(in crate::module) extern "C" fn __scullery_kfree_rcu(block: *const c_void) {
    synchronize_rcu();
    super::slab::kfree(block);
}
