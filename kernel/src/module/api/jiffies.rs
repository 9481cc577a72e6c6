//! `jiffies` (`linux/jiffies.h`): a variable, that is set when a driver is about to read it.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::machine::Cpu;

use super::time::jiffies_in;
use super::tsan::tells_of_read8;
use crate::arch::when_read::set_when_read;
use crate::machine::Kernel;
use crate::module::later;

static JIFFIES: AtomicU64 = AtomicU64::new(0);

#[expect(non_upper_case_globals, reason = "it is the name of a variable of C")]
pub(in crate::module) const jiffies: *const AtomicU64 = &raw const JIFFIES;

extern "C" fn set(_at: *const c_void) {
    JIFFIES.store(later::now().unwrap_or_else(|| jiffies_in(Kernel::cycles())), Relaxed);
}

set_when_read! { pub(in crate::module) __tsan_read8: JIFFIES, set; tells_of_read8 }
