//! How a kernel is built (Linux: `CONFIG_SMP` and `CONFIG_PREEMPT`).
#![forbid(unsafe_code)]

use crate::words::Config;

impl Config {
    /// How this program is built.
    pub const OURS: Config = match (cfg!(feature = "smp"), cfg!(feature = "preempt")) {
        (true, true) => Config::Full,
        (true, false) => Config::Smp,
        (false, true) => Config::Preempt,
        (false, false) => Config::Up,
    };

    /// Whether it uses more than one CPU.
    pub fn smp(self) -> bool {
        matches!(self, Config::Full | Config::Smp)
    }

    /// Whether a task can lose its CPU between any two instructions.
    pub fn preempt(self) -> bool {
        matches!(self, Config::Full | Config::Preempt)
    }

    /// The cargo features that make it.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Config::Full => &["smp", "preempt"],
            Config::Smp => &["smp"],
            Config::Preempt => &["preempt"],
            Config::Up => &[],
        }
    }
}
