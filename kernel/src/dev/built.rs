//! What a module consists of, before anybody can find it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::CharDevice;
use kcore::report::LockStats;

use crate::fs::Generated;
use crate::machine::Kernel;

/// A module whose devices work, and which nobody can find yet.
#[derive(Default)]
pub struct Built {
    /// The major for all its devices; one that is free if there is none.
    pub major: Option<u32>,
    /// Its devices: their minors go on from one group to the next.
    pub groups: Vec<Group>,
    /// Its files in `/proc`, by name.
    pub files: Vec<(&'static str, Generated)>,
    /// Its parameters and their values.
    pub parameters: Vec<(&'static str, String)>,
    /// Asks for the counters of its locks.
    pub locks: Option<Box<dyn Fn() -> Vec<LockStats> + Send + Sync>>,
    /// Called when it has been unloaded.
    pub unload: Option<Box<dyn FnOnce() + Send>>,
}

/// Devices that share a line of `/proc/devices`.
pub struct Group {
    /// The name there.
    pub name: &'static str,
    /// The devices, by minor.
    pub devices: Vec<NewDevice>,
}

/// A device, and the name it will have.
pub struct NewDevice {
    /// Its name in `/dev`.
    pub name: String,
    /// Who may do what with it, as in `0o666`.
    pub mode: u16,
    /// The device.
    pub device: Arc<dyn CharDevice<Kernel>>,
}
