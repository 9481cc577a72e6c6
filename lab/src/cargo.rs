//! Cargo, as it works for this workspace.
//!
//! Also a module of the lab's build script: it needs nothing of this crate.

use std::env;
use std::path::Path;
use std::process::Command;

/// Names a kernel that is ready, which then is not built.
pub(crate) const KERNEL_VARIABLE: &str = "SCULLERY_KERNEL";

/// The built-in target of bare-metal x86-64.
pub(crate) const TARGET: &str = "x86_64-unknown-none";

/// What Cargo builds of the package `kernel` for all commands but `test`.
pub(crate) const KERNEL: [&str; 4] = ["--bin", "kernel", "--bin", "floor"];

/// Settings of the caller's build that would override the kernel's in `.cargo/config.toml`, and what Cargo hands
/// to a program that it runs while it builds.
const FOREIGN: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC",
    "RUSTDOC",
    "CARGO_MAKEFLAGS",
];

/// Cargo, below `root`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    for variable in FOREIGN {
        cargo.env_remove(variable);
    }
    cargo
}

/// Cargo, as it builds executables of the package `kernel` by `profile`.
pub(crate) fn build(root: &Path, profile: &str) -> Command {
    let mut cargo = cargo(root);
    cargo.args(["build", "-p", "kernel", "--profile", profile, "--target", TARGET]);
    cargo
}
