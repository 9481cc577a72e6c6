//! What drivers have, as Linux prints it: `/proc/devices`, `/proc/modules`; and `/proc/lock_stat`, the
//! counters of the locks in their devices, of the heap's and of the console's.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use kcore::report::LockStats;

use crate::console::com1;
use crate::dev;
use crate::mm::heap;

/// Who has which major.
pub(super) fn devices() -> String {
    let regions = dev::registry().regions().into_iter();
    regions.fold(String::from("Character devices:\n"), |text, region| {
        format!("{text}{:3} {}\n", region.first.major, region.name)
    })
}

/// Name, size, users, which they are (not known), state, address, and the parameters. Size and address are 0:
/// the code of a module is in the kernel.
pub(super) fn modules() -> String {
    let mut text = String::new();
    for module in dev::loaded() {
        let state = if module.is_going { "Unloading" } else { "Live" };
        // Nothing that is written to a string fails.
        let _ = write!(text, "{} 0 {} - {state} 0x0000000000000000", module.name, module.users);
        for (name, value) in &module.parameters {
            let _ = write!(text, " {name}={value}");
        }
        text.push('\n');
    }
    text
}

/// A line for each lock: how often it was taken, how often an attempt failed, and the cycles that it was held
/// and waited for.
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
