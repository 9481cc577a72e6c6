//! Disk images for BIOS and UEFI machines.
//!
//! The `bootloader` crate compiles parts of itself for its own targets, for which it needs a nightly
//! toolchain with the sources of the standard library. So images are made only when asked for, and never on
//! the way of `cargo run`.

use std::path::{Path, PathBuf};
use std::process::Command;

use kcore::settings::CommandLine;

use crate::status::Failure;
use crate::workspace;

/// What the nightly toolchain must have.
const COMPONENTS: [&str; 2] = ["rust-src", "llvm-tools"];

/// Where an image is looked for unless it is named, below the workspace's root.
pub const DEFAULT_DIR: &str = "target/image";

/// The image of `door` (`bios` or `uefi`) in the directory `dir`.
pub fn path(dir: &Path, door: &str) -> PathBuf {
    dir.join(format!("scullery-{door}.img"))
}

/// Whether the kernel would take the command line.
pub fn check(command: Option<&str>) -> Result<(), Failure> {
    let checked = |line| CommandLine::parse(line).and_then(|line| line.check());
    command
        .map_or(Ok(()), |line| checked(line).map_err(|usage| Failure::usage(format!("--command: {usage}"))))
}

/// Makes both images of `kernel` in `out` (or [`DEFAULT_DIR`]), which is created if need be. `command` is the
/// command line in them.
pub fn make(kernel: &Path, out: Option<&Path>, command: Option<&str>) -> Result<(), Failure> {
    check_toolchain()?;
    let out = match out {
        Some(out) => std::path::absolute(out)
            .map_err(|error| Failure::dead(format!("'{}': {error}", out.display())))?,
        None => workspace::root()?.join(DEFAULT_DIR),
    };
    let mut cargo = nightly(&["cargo", "run", "--manifest-path", "boot/image/Cargo.toml", "--"]);
    let status = cargo.arg(kernel).arg(out).args(command).current_dir(workspace::root()?).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::dead("the disk images could not be made; see the messages above")),
        Err(error) => Err(no_rustup(&error)),
    }
}

/// The image to boot by `door`: `named`, or the one in [`DEFAULT_DIR`], which must not be older than
/// `kernel`.
pub fn find(named: Option<&Path>, door: &str, kernel: &Path) -> Result<PathBuf, Failure> {
    const REMEDY: &str = "make it first: cargo run -- image";
    let image = match named {
        Some(image) => image.to_path_buf(),
        None => path(&workspace::root()?.join(DEFAULT_DIR), door),
    };
    if !image.is_file() {
        return Err(Failure::dead(format!("no disk image '{}'; {REMEDY}", image.display())));
    }
    if named.is_none() && is_older(&image, kernel) {
        return Err(Failure::dead(format!("'{}' is older than the kernel; {REMEDY}", image.display())));
    }
    Ok(image)
}

/// Whether `file` was written before `than`. A file system without times makes nothing old.
fn is_older(file: &Path, than: &Path) -> bool {
    let written = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    matches!((written(file), written(than)), (Some(file), Some(than)) if file < than)
}

fn check_toolchain() -> Result<(), Failure> {
    let mut rustup = Command::new("rustup");
    rustup
        .args(["component", "list", "--toolchain", "nightly", "--installed"])
        .env("RUSTUP_AUTO_INSTALL", "0");
    let output = rustup.output().map_err(|error| no_rustup(&error))?;
    let installed = String::from_utf8_lossy(&output.stdout);
    let has = |component: &str| installed.lines().any(|line| line.starts_with(component));
    if output.status.success() && COMPONENTS.into_iter().all(has) {
        return Ok(());
    }
    Err(Failure::dead(
        "disk images need a nightly toolchain with rust-src and llvm-tools: ./setup.sh --image installs it",
    ))
}

/// `words` under the nightly toolchain, without what the toolchain that runs us has put into the environment.
fn nightly(words: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(words);
    let ours = |name: &str| {
        let of_cargo = name.starts_with("CARGO") && name != "CARGO_HOME" && name != "CARGO_TARGET_DIR";
        of_cargo || matches!(name, "RUSTC" | "RUSTFLAGS" | "RUSTUP_TOOLCHAIN" | "RUSTDOC")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command
}

fn no_rustup(error: &std::io::Error) -> Failure {
    Failure::dead(format!("disk images need rustup, which could not be started: {error}"))
}
