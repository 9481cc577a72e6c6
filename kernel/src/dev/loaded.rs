//! What is loaded, as `lsmod` and `/proc/lock_stat` tell it.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::report::LockStats;

use super::modules::MODULES;
use super::plugged::Plugged;

/// A loaded module (a line of `/proc/modules`).
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name.
    pub name: &'static str,
    /// How many open files use it.
    pub users: u32,
    /// Its parameters and their values.
    pub parameters: Vec<(&'static str, String)>,
    /// It is being unloaded: somebody may still be inside.
    pub is_going: bool,
}

/// The loaded modules, the latest first.
pub fn loaded() -> Vec<Loaded> {
    let modules = MODULES.lock();
    let entry = |live: &super::modules::Live| Loaded {
        name: live.module.name(),
        users: live.module.users(),
        parameters: live.parameters.clone(),
        is_going: live.plugged.as_ref().is_none_or(Plugged::is_going),
    };
    modules.iter().rev().map(entry).collect()
}

/// The counters of the locks in the devices of all loaded modules.
pub fn locks() -> Vec<LockStats> {
    MODULES.lock().iter().filter_map(|live| live.locks.as_ref()).flat_map(|locks| locks()).collect()
}
