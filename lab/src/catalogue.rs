//! `list` and `explain`: the catalogue that the kernel runs, told to people.

use std::fmt::Write;

use anstyle::Style;
use kcore::experiment::page::{self, Reader};
use kcore::experiment::{self, Experiment};
use kcore::races;
use kcore::settings::{CommandLine, Config, Form, MachineSettings, RunSettings, Usage};

use crate::matrix::{sheet::Sheet, table};
use crate::output::columns;
use crate::status::Failure;
use crate::values::within_quotes;

/// A reader that types `cargo run -- ...`.
fn reader() -> Reader {
    Reader {
        width: columns(),
        heading: |text| format!("{HEADING}{text}{HEADING:#}"),
        command: |entry, lock| {
            format!("cargo run -- run {} --lock {lock} --probe {}", entry.name, entry.forced())
        },
    }
}
const HEADING: Style = Style::new().bold();
/// CPUs of a machine that is not told how many it has (`qemu-run.sh`).
const CPUS: u32 = 4;

/// The experiment called `name`.
pub fn find(name: &str) -> Result<&'static Experiment, Failure> {
    experiment::find(name).map_err(|usage| Failure::usage(format!("{usage} (try list)")))
}

/// What the kernel will make of `words`, a whole command line of its: its own check, made before a machine is
/// started for nothing.
pub fn read(words: &[String]) -> Result<CommandLine, Failure> {
    // As `qemu-run.sh` does, so that it is as long.
    let quoted: Vec<String> = words
        .iter()
        .map(|word| match word.contains(char::is_whitespace) {
            true => format!("\"{word}\""),
            false => word.clone(),
        })
        .collect();
    let inside = words.iter().try_for_each(|word| within_quotes(word));
    let checked = inside.and_then(|()| CommandLine::parse(&quoted.join(" "))).and_then(|line| {
        line.check()?;
        is_there(&line.machine)?;
        Ok(line)
    });
    checked.map_err(|usage| Failure::usage(format!("{usage} (try --help)")))
}

/// Refuses a CPU that is none of the machine's.
fn is_there(machine: &MachineSettings) -> Result<(), Usage> {
    let cpus = machine.cpus.unwrap_or(CPUS);
    match machine.mute_cpu {
        Some(mute) if mute >= cpus => {
            Err(Usage::new(format!("mute-cpu={mute}: the CPUs of the machine are 0 to {}", cpus - 1)))
        }
        _ => Ok(()),
    }
}

/// Checks that `words`, a whole kernel command line, fit `entry` and a kernel built as `config`.
pub fn check(entry: &'static Experiment, words: &[String], config: Config) -> Result<(), Failure> {
    let line = read(words)?;
    suits(entry, &line.run)?;
    let cpus = if config.smp() { line.machine.cpus.unwrap_or(CPUS) } else { 1 };
    let resolved = experiment::resolve(&line.run, entry, cpus, config);
    resolved.map(drop).map_err(|usage| Failure::usage(format!("{usage} (try explain {})", entry.name)))
}

/// Refuses what was told of a run and `entry` has no use for.
pub(crate) fn suits(entry: &Experiment, run: &RunSettings) -> Result<(), Failure> {
    experiment::check(run, entry)
        .map_err(|usage| Failure::usage(format!("{usage} (try explain {})", entry.name)))
}

/// A line for each experiment; `long` adds what it can be run with, what each form must give on each machine,
/// and the seven questions with their answers.
pub fn list(long: bool) -> String {
    page::list(reader(), |entry| if long { details(entry) } else { String::new() })
}

/// What an experiment is about, and how to see it happen.
pub fn explain(entry: &Experiment) -> String {
    page::explain(entry, reader())
}

/// What `explain` says of `word`, an experiment's name or a race's number. With `hint` what helps and does
/// not give it away, which there is of an experiment only.
pub fn explain_word(word: &str, hint: bool) -> Result<String, Failure> {
    match races::find(word) {
        _ if hint => Ok(page::hint(find(word)?, reader())),
        Some(race) => Ok(races::explain(race, reader())),
        None => find(word).map(explain),
    }
}

fn details(entry: &'static Experiment) -> String {
    let mut text = String::new();
    field(&mut text, "races", &entry.races.join(", "));
    field(&mut text, "locks", &join(entry.locks().map(Form::word), ", "));
    field(&mut text, "points", &join(entry.known_points.iter().copied(), ", "));
    field(&mut text, "quanta", entry.unit);
    field(&mut text, "certain", &format!("--probe {}", entry.forced()));
    put(&mut text, format_args!("  expected"));
    for line in table::body(&Sheet::of(entry)).lines() {
        put(&mut text, format_args!("{line}"));
    }
    put(&mut text, format_args!("  questions"));
    for line in page::questions(entry, columns() - 4).lines() {
        put(&mut text, format_args!("  {line}"));
    }
    text.push('\n');
    text
}

/// The list puts it two columns further in.
fn field(text: &mut String, name: &str, value: &str) {
    let lines = page::wrap(value, columns() - 2, &format!("  {name:<9} "), &" ".repeat(12));
    put(text, format_args!("{lines}"));
}

/// A line. Writing to a string cannot fail.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn join<'a>(words: impl Iterator<Item = &'a str>, separator: &str) -> String {
    words.collect::<Vec<_>>().join(separator)
}

/// [`page::wrap`] for the reader's width.
pub(crate) fn wrap(text: &str, first: &str, other: &str) -> String {
    page::wrap(text, columns(), first, other)
}

#[cfg(test)]
mod tests {
    use kcore::experiment::page::WIDTH;

    use super::*;

    #[test]
    fn every_experiment_is_listed_and_explained() {
        for entry in experiment::ALL {
            for text in [list(false), list(true), explain(entry)] {
                assert!(text.contains(entry.name) && text.contains(entry.title), "{}", entry.name);
            }
        }
    }

    #[test]
    fn a_hint_explains_nothing() {
        for entry in experiment::ALL {
            let hint = anstream::adapter::strip_str(&explain_word(entry.name, true).unwrap()).to_string();
            let has = |text: &str| hint.contains(&text[..text.find(' ').unwrap()]);
            assert!(has(entry.goal) && has(entry.hint), "{hint}");
            assert!(!hint.contains("Explanation") && !hint.contains("Seven questions"), "{hint}");
        }
        assert!(explain_word("R1", true).is_err());
    }

    #[test]
    fn lines_are_not_too_long() {
        let experiments = experiment::ALL.iter().map(|entry| entry.name);
        for word in experiments.chain(races::ALL.iter().map(|race| race.id)) {
            for line in anstream::adapter::strip_str(&explain_word(word, false).unwrap()).to_string().lines()
            {
                let is_command = line.trim_start().starts_with("cargo run");
                assert!(is_command || line.chars().count() <= WIDTH, "{word}: {line}");
            }
        }
    }

    #[test]
    fn a_paragraph_keeps_its_words() {
        let paragraph = "word ".repeat(100);
        let lines = wrap(&paragraph, "  - ", "    ");
        assert_eq!(lines.split_whitespace().skip(1).count(), 100);
        assert!(lines.lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn what_does_not_fit_is_refused_before_a_machine_is_started() {
        let check = |line: &str| {
            let words: Vec<String> = line.split('|').map(str::to_string).collect();
            check(find(&words[1]).unwrap(), &words, Config::Full)
        };
        assert_eq!(check("run|scull-leak|lock=spinlock|probe=rendezvous"), Ok(()));
        assert_eq!(check("run|scull-leak|probe=script=A.slot.load B.slot.load"), Ok(()));
        assert!(check("run|scull-leak|probe=rendezvous=nowhere").is_err());
        assert!(check("run|counter|object=node").is_err());
    }

    #[test]
    fn a_slip_in_the_name_is_understood() {
        assert!(find("skull-leak").unwrap_err().message.contains("did you mean 'scull-leak'?"));
    }
}
