//! `/proc/devices` and `/proc/modules`, as Linux prints them.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use crate::dev;

/// Who has which major.
pub(super) fn devices() -> String {
    let regions = dev::registry().regions().into_iter();
    regions.fold(String::from("Character devices:\n"), |text, region| {
        format!("{text}{:3} {}\n", region.first.major, region.name)
    })
}

/// Name, size, users, whom they are (nobody can tell), state, address, and the parameters. Size and address are 0: the code
/// of a module is in the kernel.
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
