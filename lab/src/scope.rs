//! Which option is for which command: one that would change nothing is refused.

use kcore::settings::{self, SINGLE, Usage, is_among};

use crate::cli::{Benched, Command, On, Options};
use crate::status::Failure;

/// The commands that boot a machine and tell of it.
const TOLD: &[&str] = &[
    "tour",
    "run",
    "explore --on kernel",
    "replay --on kernel",
    "check",
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
        Command::Explore { driver, .. } if driver.module.is_some() => &["explore", "explore --on kernel"],
        Command::Explore { .. } => &["explore"],
        Command::Check { .. } => &["check"],
        Command::Merge { .. } => &["merge"],
        Command::Replay { on: On::Both | On::Kernel, .. } => &["replay", "replay --on kernel"],
        Command::Replay { on: On::Host, .. } => &["replay"],
        Command::Test { fail_allocations: true, .. } => &["test", "test --fail-allocations"],
        Command::Test { fail_allocations: false, .. } => &["test"],
        Command::Bench { what: Some(Benched::Explore), .. } => &["bench explore"],
        Command::Bench { what: None, configs: true } => &["bench"],
        Command::Bench { .. } => &["bench", "bench without --configs"],
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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::{fs, iter};

    use super::*;
    use crate::cli;

    const BEGIN: &str = "cargo run -- ";
    /// What stands for any of its kind, and one of that.
    const STAND: [(&str, &str); 4] =
        [("FORM", "spinlock"), ("CONFIG", "smp"), ("N", "4"), ("NAME", "scull-leak")];

    fn pages() -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
        let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        docs.chain(iter::once(root.join("README.md"))).collect()
    }

    /// The command lines of a page: each is code in a line, or begins one.
    fn commands(page: &str) -> Vec<String> {
        let begins = page.match_indices(BEGIN).filter(|(at, _)| page[..*at].ends_with(['`', '\n']));
        let rest = begins.map(|(at, _)| &page[at + BEGIN.len()..]);
        rest.map(|rest| rest[..rest.find(['`', '\n', '#', '|', '>']).unwrap()].to_string()).collect()
    }

    fn is_taken(command: &str) -> Result<(), String> {
        let stand = |word| STAND.iter().find(|(name, _)| *name == word).map_or(word, |(_, one)| *one);
        let words = iter::once("scullery").chain(command.split_whitespace().map(stand));
        let request = match cli::parse(words.map(OsString::from)) {
            Ok(request) => request,
            Err(cli::Answer::Text(_)) => return Ok(()),
            Err(cli::Answer::Mistake(line)) => return Err(line),
        };
        let command = request.command.unwrap_or(Command::Tour);
        let names = match command {
            Command::Explore { all: false, .. } => &["explore", "explore --on kernel"],
            command => names(&command),
        };
        check(&request.options, names).map_err(|failure| failure.message)
    }

    #[test]
    fn a_command_line_of_the_documents_is_taken() {
        let mut tried = 0;
        for page in pages() {
            for command in commands(&fs::read_to_string(&page).unwrap()) {
                if command.contains("COMMAND") {
                    continue;
                }
                is_taken(&command).unwrap_or_else(|why| panic!("{}: {command}: {why}", page.display()));
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
        assert!(is_taken("bench explore --cpus 4").is_err());
    }
}
