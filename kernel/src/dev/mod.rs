//! Modules with their devices: what `insmod`, `rmmod` and `lsmod` work on.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::errno::Errno;

/// Why a module was not loaded or unloaded: the error, and what else is to be said.
#[derive(Clone, Debug)]
pub struct Refused {
    /// As a system call would say it.
    pub errno: Errno,
    /// One line for the person: `scull: unknown parameter 'lok'; valid: lock, quantum, qset, edition`. Empty when the error says all.
    pub why: String,
}

/// A loaded module (a line of `/proc/modules`).
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name.
    pub name: &'static str,
    /// How many open files use it.
    pub users: u32,
    /// Its parameters and their values.
    pub parameters: Vec<(&'static str, String)>,
}

/// The modules that can be loaded.
pub fn available() -> &'static [&'static str] {
    &[]
}

/// Loads a module; `parameters` are words like `lock=none`. [`Errno::ENOENT`], [`Errno::EEXIST`], [`Errno::EINVAL`],
/// [`Errno::ENOMEM`].
pub fn insmod(_name: &str, _parameters: &[&str]) -> Result<(), Refused> {
    Err(Refused { errno: Errno::ENOENT, why: String::new() })
}

/// Unloads a module. [`Errno::ENOENT`], and [`Errno::EBUSY`] while its files are open, unless it is `forced`: then its
/// devices are unplugged, and open files answer [`Errno::ENODEV`].
pub fn rmmod(_name: &str, _forced: bool) -> Result<(), Refused> {
    Err(Refused { errno: Errno::ENOENT, why: String::new() })
}

/// The loaded modules, the latest first.
pub fn loaded() -> Vec<Loaded> {
    Vec::new()
}
