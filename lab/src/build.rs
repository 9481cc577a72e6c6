//! The kernel ELF.

use std::env;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;
use kcore::settings::{self, Config};
use serde_json::Value;

use crate::status::Failure;
use crate::workspace;

/// Names a kernel that is ready, which then is not built.
pub const KERNEL_VARIABLE: &str = "SCULLERY_KERNEL";

/// The built-in target of bare-metal x86-64.
const TARGET: &str = "x86_64-unknown-none";

/// Settings of the caller's build that would override the kernel's in `.cargo/config.toml`.
const FOREIGN: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// The kernel: the ELF that [`KERNEL_VARIABLE`] names, whatever it is, or else the one that Cargo builds as
/// `config` (which takes a few hundredths of a second when nothing has changed).
pub fn kernel(config: Config) -> Result<PathBuf, Failure> {
    match env::var_os(KERNEL_VARIABLE) {
        Some(elf) if Path::new(&elf).is_file() => Ok(elf.into()),
        Some(elf) => {
            Err(Failure::dead(format!("{KERNEL_VARIABLE} names '{}', which is no file", elf.display())))
        }
        None => cargo_build(&workspace::root()?, config, None),
    }
}

/// Refuses a `config` that is not the one of the kernel which is `file`, an ELF, or in it, a disk image. What
/// does not say so may be any.
pub fn check(config: Config, file: &Path) -> Result<(), Failure> {
    let unreadable = |error| Failure::dead(format!("'{}' cannot be read: {error}", file.display()));
    match settings::built(&std::fs::read(file).map_err(unreadable)?) {
        Some(built) if built != config => Err(Failure::usage(format!(
            "--config {config}: the kernel of '{}' is built as {built} (try --config {built})",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Whether the kernel is one that is ready.
pub fn is_given() -> bool {
    env::var_os(KERNEL_VARIABLE).is_some()
}

/// The kernel that tells of each class of locks under which others it was taken, which no other kernel does.
pub fn with_lock_order() -> Result<PathBuf, Failure> {
    cargo_build(&workspace::root()?, Config::Full, Some("lock-order"))
}

fn cargo_build(root: &Path, config: Config, feature: Option<&str>) -> Result<PathBuf, Failure> {
    let mut cargo = cargo(root);
    cargo.args(["build", "--quiet", "-p", "kernel", "--release", "--target", TARGET]);
    cargo.arg("--message-format=json-render-diagnostics");
    if config != Config::Full {
        cargo.args(["--no-default-features", "--features", &config.features().join(",")]);
        cargo.arg("--target-dir").arg(directory(root, config.word()));
    } else if let Some(feature) = feature {
        cargo.args(["--features", feature]).arg("--target-dir").arg(directory(root, feature));
    }
    if std::io::stderr().is_terminal() {
        cargo.arg("--color=always");
    }
    let output = patiently(cargo, config).map_err(not_started)?;
    if !output.status.success() {
        return Err(explain(&output.stderr));
    }
    executable(&output.stdout).ok_or_else(|| Failure::dead("cargo built the kernel and did not say where"))
}

/// Cargo, as it works for this workspace.
fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    for variable in FOREIGN {
        cargo.env_remove(variable);
    }
    cargo
}

fn not_started(error: std::io::Error) -> Failure {
    Failure::dead(format!("cargo could not be started: {error}"))
}

/// Runs a bench of a package of the workspace, which says itself what it measures.
pub fn bench(package: &str, name: &str) -> Result<(), Failure> {
    let mut cargo = cargo(&workspace::root()?);
    let status = cargo.args(["bench", "-p", package, "--bench", name]).status().map_err(not_started)?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::dead(format!("the bench {name} of {package} came to no end"))),
    }
}

/// Where Cargo builds what is not the default: a directory for each configuration and feature, so that none
/// takes another's place.
fn directory(root: &Path, word: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    target.join("config").join(word)
}

/// Runs `command` to its end, quietly if it is quick: after a second a spinner (or, without a terminal, a
/// line) says what takes so long.
fn patiently(mut command: Command, config: Config) -> std::io::Result<Output> {
    const QUICK: Duration = Duration::from_secs(1);
    let busy = match config {
        Config::Full => "building the kernel".to_string(),
        other => format!("building the kernel as {other}"),
    };
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(command.output()));
    match result.recv_timeout(QUICK) {
        Ok(output) => return output,
        Err(RecvTimeoutError::Disconnected) => return Err(std::io::ErrorKind::BrokenPipe.into()),
        Err(RecvTimeoutError::Timeout) => {}
    }
    let spinner =
        std::io::stderr().is_terminal().then(|| ProgressBar::new_spinner().with_message(busy.clone()));
    match &spinner {
        Some(spinner) => spinner.enable_steady_tick(Duration::from_millis(100)),
        None => eprintln!("{busy} ..."),
    }
    let output = result.recv();
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    output.unwrap_or_else(|_| Err(std::io::ErrorKind::BrokenPipe.into()))
}

/// Shows what Cargo said and puts it into a sentence.
fn explain(stderr: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(stderr);
    if text.contains("target may not be installed") {
        return Failure::dead(format!("the target {TARGET} is not installed: ./setup.sh installs it"));
    }
    // Nothing is to be done about a closed stderr.
    let _ = std::io::stderr().write_all(stderr);
    Failure::dead("the kernel does not build")
}

/// The path of the `kernel` executable in Cargo's JSON messages.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let lines = messages.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()).find_map(|message| {
        let ours = message["reason"] == "compiler-artifact" && message["target"]["name"] == "kernel";
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_the_messages() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"kernel"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"kernel"},"executable":"/t/kernel"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/kernel")));
        assert_eq!(executable(b""), None);
    }

    #[test]
    fn a_missing_target_names_the_remedy() {
        let failure = explain(
            b"error[E0463]: can't find crate for `core`\n = note: the `x` target may not be installed\n",
        );
        assert!(failure.message.contains("./setup.sh"));
    }
}
