//! `/proc/version` and `/proc/mounts`.

use alloc::format;
use alloc::string::String;

use kcore::settings::Config;

/// Which kernel this is, and in which configuration.
pub(super) fn version() -> String {
    format!("Scullery version {} ({})\n", env!("CARGO_PKG_VERSION"), Config::OURS)
}

/// What lies where.
pub(super) fn mounts() -> String {
    let mounts = [("devtmpfs", "/dev"), ("proc", "/proc"), ("debugfs", "/sys/kernel/debug")];
    mounts.map(|(what, place)| format!("{what} {place} {what} rw 0 0\n")).concat()
}
