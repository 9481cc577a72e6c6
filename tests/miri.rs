//! Miri on the primitives: undefined behaviour and data races in what kcore does with `unsafe` (about a
//! minute).
//!
//! Left out, with the reason, where there is no nightly toolchain with Miri. It takes its build directory
//! from ours.

use std::path::Path;
use std::process::{Command, Output};

use lab::workspace;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// What is run: the tests that let threads meet.
const TESTS: [&str; 4] = ["--test", "sync", "--test", "guard"];

/// What this build's Cargo has set, and another toolchain must not see.
const FOREIGN: [&str; 7] = [
    "CARGO",
    "RUSTC",
    "RUSTDOC",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "RUSTUP_TOOLCHAIN",
];

fn main() {
    let trials = vec![Trial::ignorable_test("miri::primitives", primitives)];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn primitives() -> Result<Completion, Failed> {
    if let Err(reason) = cargo_miri(&["--version"]) {
        return Ok(Completion::ignored_with(reason));
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("miri");
    let directory = directory.to_string_lossy();
    let arguments = [&["test", "--target-dir", &directory, "-p", "kcore"], &TESTS[..]].concat();
    cargo_miri(&arguments).map(|_| Completion::Completed).map_err(Failed::from)
}

/// Runs Miri in the workspace; what it said is the error if it failed.
fn cargo_miri(arguments: &[&str]) -> Result<Output, String> {
    let root = workspace::root().map_err(|failure| failure.to_string())?;
    let mut rustup = Command::new("rustup");
    rustup.current_dir(root).args(["run", "nightly", "cargo", "miri"]).args(arguments);
    FOREIGN.iter().for_each(|variable| {
        rustup.env_remove(variable);
    });
    let output = rustup.output().map_err(|error| format!("rustup could not be started: {error}"))?;
    let said = [&output.stdout[..], &output.stderr].concat();
    if output.status.success() { Ok(output) } else { Err(String::from_utf8_lossy(&said).trim().to_string()) }
}
