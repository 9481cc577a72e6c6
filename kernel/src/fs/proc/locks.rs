//! `/proc/lock_stat`: the counters of the heap's and the console's lock, and of those in the devices of loaded modules.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use kcore::report::LockStats;

use crate::console::com1;
use crate::dev;
use crate::mm::heap;

/// A line for each lock: how often it was taken, how often an attempt failed, and the cycles that it was held and waited
/// for.
pub(super) fn lock_stat() -> String {
    let mut locks: Vec<LockStats> = Vec::from([heap::lock_stats(), com1::lock_stats()]);
    locks.extend(dev::locks());
    let mut text = String::new();
    // Nothing that is written to a string fails.
    let _ = writeln!(
        text,
        "{:<20} {:>12} {:>12} {:>16} {:>16}",
        "lock", "acquisitions", "failed", "held-cycles", "waited-cycles"
    );
    for LockStats { name, acquire, test_and_set, hold_cycles, wait_cycles } in &locks {
        let _ =
            writeln!(text, "{name:<20} {acquire:>12} {test_and_set:>12} {hold_cycles:>16} {wait_cycles:>16}");
    }
    text
}
