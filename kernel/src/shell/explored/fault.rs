//! A call of a driver that fails.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A call of a driver that fails: which of its kind, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Fault {
    /// For memory, by its init.
    Init(u32),
    /// For memory, by what the tasks do.
    Memory(u32),
    /// A copy from or to a process.
    Copy(u32),
    /// A sleep of the first task: a signal comes, and ends it if it may.
    Sleep(u32),
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, which) = text.split_once('=').unwrap_or((text, ""));
        let make = match kind {
            "init" => Fault::Init,
            "memory" => Fault::Memory,
            "copy" => Fault::Copy,
            "sleep" => Fault::Sleep,
            _ => return Err(format!("'{text}' is not init=N, memory=N, copy=N or sleep=N")),
        };
        let which = which.parse().ok().filter(|which| *which > 0);
        which.map(make).ok_or_else(|| format!("'{text}' does not say which: {kind}=1 is the first"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Init(which) => write!(f, "init={which}"),
            Fault::Memory(which) => write!(f, "memory={which}"),
            Fault::Copy(which) => write!(f, "copy={which}"),
            Fault::Sleep(which) => write!(f, "sleep={which}"),
        }
    }
}
