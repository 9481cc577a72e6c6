//! What the documents show: their commands do what is said, and their machines say what is shown.

use std::io::Write;
use std::process::{Command, Stdio};

use kcore::settings;
use lab::workspace;
use libtest_mimic::Trial;
use tests::ensure::{Answer, same};
use tests::program::cargo_run;
use tests::transcript::{self, Transcript};

const README: &str = include_str!("../../README.md");
/// What is shown of a terminal.
const SHOWN: &[(&str, &str)] = &[
    ("README", README),
    ("TOUR", include_str!("../../docs/TOUR.md")),
    ("WATCHDOG", include_str!("../../docs/WATCHDOG.md")),
    ("picture", include_str!("../../docs/run.txt")),
];
/// Commands of the README that are tried by being here.
const HERE_ALREADY: &[&str] = &["cargo test"];
/// Seconds that a machine may take on a busy host.
const LIMIT: &str = "300";

pub(crate) fn trials() -> Vec<Trial> {
    let shown = SHOWN.iter().flat_map(|(page, text)| {
        let with_page = move |transcript| (*page, transcript);
        transcript::all(text).into_iter().map(with_page)
    });
    let shown = shown.enumerate().map(|(number, (page, transcript))| {
        let name = format!("documents::{page}::{number}: {}", transcript.arguments.join(" "));
        Trial::test(name, move || show(&transcript).map_err(Into::into))
    });
    let named = commands(README).into_iter().map(|command| {
        let name = format!("documents::README: {command}");
        Trial::test(name, move || perform(&command).map_err(Into::into))
    });
    shown.chain(named).collect()
}

/// The commands that `page` names and shows no output of: lines of code that are indented, up to a comment,
/// and what stands in backquotes and begins with `cargo run`.
fn commands(page: &str) -> Vec<String> {
    let indented = page.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = indented.map(|line| line.split('#').next().unwrap_or(line));
    let in_lines = lines
        .flat_map(|line| line.split("&&"))
        .map(str::trim)
        .filter(|command| command.starts_with("cargo ") || command.starts_with("./"));
    let quoted = page.split('`').skip(1).step_by(2).filter(|code| code.starts_with("cargo run"));
    let mut commands: Vec<String> = in_lines.chain(quoted).map(str::to_string).collect();
    commands.sort();
    commands.dedup();
    commands.retain(|command| !HERE_ALREADY.contains(&command.as_str()));
    commands
}

/// Does what is typed at a terminal, with nothing to read: it must succeed.
fn perform(command: &str) -> Answer {
    let words: Vec<String> = command.split_whitespace().map(str::to_string).collect();
    let output = match &words[..] {
        [cargo, run, arguments @ ..] if cargo == "cargo" && run == "run" => {
            let arguments = arguments.strip_prefix(&["--".to_string()]).unwrap_or(arguments);
            limited(arguments)?.stdin(Stdio::null()).output()
        }
        [program, arguments @ ..] => {
            let root = workspace::root().map_err(|failure| failure.message)?;
            let mut command = Command::new(root.join(program));
            command.args(arguments).current_dir(root).stdin(Stdio::null()).output()
        }
        [] => return Ok(()),
    };
    let output = output.map_err(|error| format!("it could not be started: {error}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    same("the exit status", output.status.code(), Some(0))
        .map_err(|why| format!("{why}\n{}{}", said(&output.stdout), said(&output.stderr)))
}

/// `cargo run -- arguments`, with our limit where a machine is started.
fn limited(arguments: &[String]) -> Result<Command, String> {
    let timeout = settings::find("timeout").expect("it is a key");
    let is_limited = timeout.is_for(arguments.first().map_or("tour", String::as_str));
    let limit = is_limited.then_some(["--timeout", LIMIT]);
    let mut command = cargo_run()?;
    command.args(arguments).args(limit.iter().flatten());
    Ok(command)
}

/// Does what was done when the page was written: the program must succeed and say what is shown.
fn show(transcript: &Transcript) -> Answer {
    let mut command = limited(&transcript.arguments)?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cargo could not be started: {error}"))?;
    let mut stdin = child.stdin.take().expect("a pipe, as asked for above");
    // A program that does not read what is typed has ended, and is judged below.
    _ = stdin.write_all(transcript.typed.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| format!("it is lost: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    same("the exit status", output.status.code(), Some(0))
        .and_then(|()| transcript.check(&stdout))
        .map_err(|why| format!("{why}\n--- stdout\n{stdout}--- stderr\n{stderr}"))
}
