//! Which option is for which command: one that would change nothing is refused.

use kcore::settings::{self, SINGLE, Usage, is_among};

use crate::cli::{Command, On, Options};
use crate::status::Failure;

/// The commands that boot a machine and tell of it.
const TOLD: &[&str] = &[
    "tour",
    "run",
    "explore --on kernel",
    "replay --on kernel",
    "test",
    "bench without --configs",
    "fault",
    "matrix",
    "shell",
];

/// The commands that take the option called `name`, as [`Key::takers`](settings::Key) has them; [`None`] of
/// one that is a command's own.
fn takers(name: &str) -> Option<Vec<&'static str>> {
    Some(match name {
        "config" | "fast" => [TOLD, &["image"]].concat(),
        "disk" => SINGLE.to_vec(),
        "json" => [TOLD, &["explore", "merge"]].concat(),
        "verbose" => TOLD.to_vec(),
        "gdb" => [SINGLE, &["replay --on kernel"]].concat(),
        key => settings::find(key)?.takers.to_vec(),
    })
}

/// Whether `command` takes the option called `name`, at least with one of its own.
pub(crate) fn is_for(name: &str, command: &str) -> bool {
    takers(name).is_none_or(|takers| is_among(&takers, command))
}

/// What a command line is called in the table: its command, and what this comes to with options of its own.
pub(crate) fn names(command: &Command) -> &'static [&'static str] {
    match command {
        Command::Tour => &["tour"],
        Command::List { .. } => &["list"],
        Command::Explain { .. } => &["explain"],
        Command::Run { .. } => &["run"],
        Command::Explore { all: true, .. } => &["explore --all"],
        Command::Explore { .. } => &["explore"],
        Command::Merge { .. } => &["merge"],
        Command::Replay { on: On::Both | On::Kernel, .. } => &["replay", "replay --on kernel"],
        Command::Replay { on: On::Host, .. } => &["replay"],
        Command::Test { fail_allocations: true, .. } => &["test", "test --fail-allocations"],
        Command::Test { fail_allocations: false, .. } => &["test"],
        Command::Bench { what: Some(_), .. } => &["bench explore"],
        Command::Bench { configs: true, .. } => &["bench"],
        Command::Bench { configs: false, .. } => &["bench", "bench without --configs"],
        Command::Fault { .. } => &["fault"],
        Command::Matrix { .. } => &["matrix"],
        Command::Shell { .. } => &["shell"],
        Command::Completions { .. } => &["completions"],
        Command::Man { .. } => &["man"],
        Command::Image { .. } => &["image"],
        Command::Module(_) => &["module"],
    }
}

/// Refuses what has been given and is for none of `names`.
pub(crate) fn check(options: &Options, names: &[&str]) -> Result<(), Failure> {
    let refused = |name| {
        takers(name).filter(|takers| !takers.iter().any(|taker| names.contains(taker))).map(|all| (name, all))
    };
    let why = match options.given().find_map(refused) {
        Some((name, takers)) => Usage::useless(&format!("--{name}"), takers.into_iter()).message,
        None if options.disk.is_some() && !options.is_from_disk() => {
            "--disk is for --boot bios and --boot uefi".to_string()
        }
        None => return Ok(()),
    };
    Err(Failure::usage(format!("{why} (try {} --help)", names[0].split(' ').next().unwrap_or_default())))
}
