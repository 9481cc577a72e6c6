//! `/proc/version` and `/proc/mounts`.

use alloc::format;
use alloc::string::String;

use kcore::settings::Config;

/// Which kernel this is, and in which configuration.
pub(super) fn version() -> String {
    format!("Scullery version {} ({})\n", env!("CARGO_PKG_VERSION"), Config::OURS)
}

/// What lies where: the kind of a file system, and the directory.
pub const MOUNTS: [(&str, &str); 4] =
    [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys"), ("debugfs", "/sys/kernel/debug")];

/// [`MOUNTS`], as text.
pub(super) fn mounts() -> String {
    MOUNTS.map(|(what, place)| format!("{what} {place} {what} rw 0 0\n")).concat()
}
