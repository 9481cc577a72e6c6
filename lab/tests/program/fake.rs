//! A QEMU that does not boot anything, so that exit codes and reports can be tested in milliseconds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lab::machine::Machine;

/// The last line of a report of which nothing is wrong.
pub(crate) const SUMMARY: &str = "{\"type\":\"summary\",\"passed\":1,\"failed\":0}\n";

/// A `PATH` on which the stand-in comes first.
pub(crate) fn path() -> String {
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/bin");
    format!("{}:{}", fake.display(), std::env::var("PATH").unwrap_or_default())
}

/// Some file: the stand-in does not look into its kernel.
pub(crate) fn kernel() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")
}

/// A machine on the stand-in.
pub(crate) fn machine() -> Machine {
    Machine::new(kernel()).env("PATH", path())
}

/// The program, with the stand-in behind it.
pub(crate) fn scullery(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scullery"));
    command.args(arguments).env("PATH", path()).env("SCULLERY_KERNEL", kernel());
    command
}

/// The number of the stand-in, which it writes to `file`.
pub(crate) fn pid(file: &Path) -> String {
    loop {
        if let Some(pid) = std::fs::read_to_string(file).ok().filter(|pid| !pid.is_empty()) {
            return pid;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether it runs. A process that died and was not yet collected runs no more.
pub(crate) fn is_running(pid: &str) -> bool {
    let ps = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8_lossy(&ps.stdout).trim().to_string();
    !state.is_empty() && !state.starts_with('Z')
}
