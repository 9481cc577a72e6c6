//! Why a module was not loaded or unloaded.

use alloc::format;
use alloc::string::String;
use core::fmt::Display;

use kcore::errno::Errno;

/// Why a module was not loaded or unloaded: the error, and what else is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As a system call would say it.
    pub errno: Errno,
    /// One line for the person: `scull: unknown parameter 'lok'; valid: lock, quantum, qset, edition`. Empty when the error says all.
    pub why: String,
}

impl Refused {
    /// [`Errno::EINVAL`]: `module` cannot be loaded like this, for the reason `why`.
    pub fn invalid(module: &str, why: impl Display) -> Self {
        Refused { errno: Errno::EINVAL, why: format!("{module}: {why}") }
    }
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Refused { errno, why: String::new() }
    }
}
