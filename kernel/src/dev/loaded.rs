//! What is loaded, as `lsmod` and `/proc/lock_stat` tell it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering::SeqCst;

use kcore::report::LockStats;

use super::modules::{self, Live};

/// A loaded module (a line of `/proc/modules`).
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name.
    pub name: &'static str,
    /// How many open files use it.
    pub users: u32,
    /// Its parameters and their values.
    pub parameters: Vec<(&'static str, String)>,
    /// It is being unloaded, and somebody may still be inside; or it is not loaded yet. So it stays where a task has died at
    /// either, until the next one unloads it.
    pub is_going: bool,
}

/// The loaded modules, the latest first.
pub fn loaded() -> Vec<Loaded> {
    let entry = |live: &Arc<Live>| Loaded {
        name: live.module.name(),
        users: live.module.users(),
        parameters: live.parameters.clone(),
        is_going: !live.is_whole.load(SeqCst),
    };
    modules::all().iter().rev().map(entry).collect()
}

/// The counters of the locks in the devices of all loaded modules.
pub fn locks() -> Vec<LockStats> {
    modules::all().iter().filter_map(|live| live.locks.as_ref()).flat_map(|locks| locks()).collect()
}
