//! The kernel ELF.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use kcore::settings::{self, Config};
use serde_json::Value;

use crate::cargo::{self, KERNEL_VARIABLE, TARGET};
use crate::profile::Profile;
use crate::status::Failure;
use crate::workspace;

/// Columns of Cargo's bar of progress, which does not ask a pipe how wide it is.
const PROGRESS_WIDTH: &str = "80";

/// The executables of the package `kernel` that boot. Only a machine that tests itself needs the second,
/// which is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executable {
    /// For all commands but `test`.
    Kernel,
    /// For all commands.
    Cases,
}

impl Executable {
    /// What the command line `words` needs.
    pub fn of<S: AsRef<str>>(words: &[S]) -> Self {
        match words.first() {
            Some(word) if word.as_ref() == "test" => Executable::Cases,
            _ => Executable::Kernel,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Executable::Kernel => "kernel",
            Executable::Cases => "cases",
        }
    }
}

/// The kernel: the ELF that `SCULLERY_KERNEL` names, whatever it is, or else the one that Cargo builds as
/// `config` by `profile` (which takes a few hundredths of a second when nothing has changed), or by the one
/// that fits the [tree](Profile::of).
pub fn kernel(which: Executable, config: Config, profile: Option<Profile>) -> Result<PathBuf, Failure> {
    match env::var_os(KERNEL_VARIABLE) {
        Some(elf) if Path::new(&elf).is_file() => Ok(elf.into()),
        Some(elf) => {
            Err(Failure::dead(format!("{KERNEL_VARIABLE} names '{}', which is no file", elf.display())))
        }
        None => {
            let root = workspace::root()?;
            cargo_build(&root, which, config, profile.unwrap_or_else(|| Profile::of(&root)), None)
        }
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
    let root = workspace::root()?;
    cargo_build(&root, Executable::Cases, Config::Full, Profile::Release, Some("lock-order"))
}

fn cargo_build(
    root: &Path,
    which: Executable,
    config: Config,
    profile: Profile,
    feature: Option<&str>,
) -> Result<PathBuf, Failure> {
    let mut cargo = cargo::build(root, &profile.to_string());
    let mut features: Vec<&str> = feature.into_iter().collect();
    match which {
        Executable::Kernel => cargo.args(cargo::KERNEL),
        Executable::Cases => {
            features.push("cases");
            cargo.args(["--bin", "cases"])
        }
    };
    if config != Config::Full {
        features.extend(config.features());
        cargo.arg("--no-default-features");
    }
    cargo.arg("--features").arg(features.join(","));
    // A directory for each configuration and feature, so that none takes another's place.
    if let Some(word) = feature.or((config != Config::Full).then(|| config.word())) {
        cargo.arg("--target-dir").arg(directory(root, word));
    }
    cargo.arg("--message-format=json-render-diagnostics");
    if io::stderr().is_terminal() {
        cargo.arg("--color=always").env("CARGO_TERM_PROGRESS_WHEN", "always");
        cargo.env("CARGO_TERM_PROGRESS_WIDTH", PROGRESS_WIDTH);
    }
    let (status, messages, said) = shown(cargo).map_err(not_started)?;
    if !status.success() {
        return Err(explain(&said));
    }
    executable(&messages, which).ok_or_else(|| Failure::dead("cargo built the kernel and did not say where"))
}

fn not_started(error: std::io::Error) -> Failure {
    Failure::dead(format!("cargo could not be started: {error}"))
}

/// Runs a bench of a package of the workspace, which says itself what it measures.
pub fn bench(package: &str, name: &str) -> Result<(), Failure> {
    let mut cargo = cargo::cargo(&workspace::root()?);
    let status = cargo.args(["bench", "-p", package, "--bench", name]).status().map_err(not_started)?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::dead(format!("the bench {name} of {package} came to no end"))),
    }
}

/// Where Cargo builds what is not the default.
fn directory(root: &Path, word: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    target.join("config").join(word)
}

/// Runs Cargo to its end; its messages, and what it has said, which is shown as it comes.
fn shown(mut cargo: Command) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let mut child = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stderr = child.stderr.take().expect("it is piped");
    let said = thread::spawn(move || pass_on(BufReader::new(stderr), &mut io::stderr()));
    let mut messages = Vec::new();
    child.stdout.take().expect("it is piped").read_to_end(&mut messages)?;
    let said = said.join().unwrap_or_default();
    Ok((child.wait()?, messages, said))
}

/// Writes to `to` what Cargo says, and returns it. Where nothing was to be done it says so in one line, which
/// is left out.
fn pass_on(mut from: impl BufRead, to: &mut impl Write) -> String {
    let (mut said, mut shown) = (String::new(), 0);
    // A bar of progress ends where the next one begins, at the start of the same line.
    while let Some(piece) = piece(&mut from) {
        said.push_str(&String::from_utf8_lossy(&piece));
        if shown > 0 || !is_idle(&said) {
            // Nothing is to be done about a closed stderr.
            let _ = to.write_all(&said.as_bytes()[shown..]).and_then(|()| to.flush());
            shown = said.len();
        }
    }
    said
}

/// What comes up to the end of a line, or up to the return to its start; nothing at the end of all.
fn piece(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let bytes = from.fill_buf().ok()?;
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |at| at + 1);
    let piece = bytes[..end].to_vec();
    from.consume(end);
    (!piece.is_empty()).then_some(piece)
}

/// Whether that is all that Cargo says when it has nothing to do, as far as it has come.
fn is_idle(said: &str) -> bool {
    let mut words = anstream::adapter::strip_str(said).to_string();
    words.retain(|letter| !letter.is_whitespace());
    words.starts_with("Finished") || "Finished".starts_with(&words)
}

/// Puts what Cargo said into a sentence.
fn explain(said: &str) -> Failure {
    match said.contains("target may not be installed") {
        true => Failure::dead(format!("the target {TARGET} is not installed: ./setup.sh installs it")),
        false => Failure::dead("the kernel does not build"),
    }
}

/// The path of the executable in Cargo's JSON messages.
fn executable(messages: &[u8], which: Executable) -> Option<PathBuf> {
    let lines = messages.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()).find_map(|message| {
        let ours = message["reason"] == "compiler-artifact" && message["target"]["name"] == which.name();
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
        assert_eq!(executable(messages, Executable::Kernel), Some(PathBuf::from("/t/kernel")));
        assert_eq!(executable(messages, Executable::Cases), None);
    }

    #[test]
    fn a_missing_target_names_the_remedy() {
        let failure = explain(
            "error[E0463]: can't find crate for `core`\n = note: the `x` target may not be installed\n",
        );
        assert!(failure.message.contains("./setup.sh"));
    }

    #[test]
    fn what_cargo_does_is_shown_and_that_it_did_nothing_is_not() {
        let shown = |said: &str| {
            let mut shown = Vec::new();
            assert_eq!(pass_on(said.as_bytes(), &mut shown), said);
            String::from_utf8(shown).unwrap()
        };
        assert_eq!(shown("    Finished `fast` profile [optimized + debuginfo] target(s) in 0.03s\n"), "");
        assert_eq!(shown("\x1b[1m\x1b[32m    Finished\x1b[0m `fast` profile\n"), "");
        for said in [
            "   Compiling kernel\n    Finished\n",
            "\x1b[1m   Building\x1b[0m [=> ] 1/2: kernel\r\x1b[K    Finished\n",
            "error: no such thing\n",
        ] {
            assert_eq!(shown(said), said);
        }
    }
}
