//! The matrix: each column in one machine, each cell as the catalogue expects it; and the kernel in each
//! configuration.

use kcore::experiment::{ALL, COLUMNS, Column, Verdict, trials};
use kcore::report::{Record, Run, Wait};
use kcore::settings::Config;
use lab::session::Outcome;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

use crate::kernel_cases::none_failed;

pub(crate) fn all() -> Vec<Trial> {
    let columns = COLUMNS.into_iter().map(column);
    let tours = Config::ALL.iter().map(|config| tour(*config));
    let cases = Config::ALL[1..].iter().map(|config| kernel_cases(*config));
    columns.chain(tours).chain(cases).map(Case::trial).collect()
}

/// Every cell of the column, and nothing else.
fn column(column: Column) -> Case {
    let Column { cpus, config } = column;
    Case::new(format!("matrix::{cpus}-cpus::{config}"), format!("matrix cpus={cpus}"))
        .config(config)
        .check(move |outcome| each_cell(column, outcome))
        .check(|outcome| runs_and_waits(outcome).try_for_each(|(run, waits)| each_stop_is_named(run, &waits)))
}

fn each_cell(column: Column, outcome: &Outcome) -> Answer {
    let mut count = 0;
    for trial in ALL.iter().flat_map(|entry| trials(entry, column)) {
        let (name, lock) = (trial.experiment.name, trial.row.lock);
        let is_it = |run: &&Run| run.experiment == name && run.lock == lock.word();
        let runs: Vec<_> = outcome.report.runs().filter(is_it).collect();
        same(&format!("runs of {name} with {lock}"), runs.len(), 1)?;
        let run = runs[0];
        same("the machine", (run.cpus, run.config.as_str()), (column.cpus, column.config.word()))?;
        let what = format!("{name} with {lock} gives {}, it was {}", trial.expected, run.verdict);
        holds(&what, run.ok && trial.expected.allows(run.verdict))?;
        count += 1;
    }
    same("runs", outcome.report.runs().count(), count)
}

/// Each run with the edges of its wait-for graph, which come before it.
fn runs_and_waits(outcome: &Outcome) -> impl Iterator<Item = (&Run, Vec<&Wait>)> {
    let mut waits = Vec::new();
    outcome.report.records().filter_map(move |record| match record {
        Record::Wait(wait) => {
            waits.push(wait);
            None
        }
        Record::Run(run) => Some((run, std::mem::take(&mut waits))),
        _ => None,
    })
}

/// Whatever the machine, the form and the lock: the waiter is named, with the lines of both sides where there
/// are two.
fn each_stop_is_named(run: &Run, waits: &[&Wait]) -> Answer {
    let of = format!("{} with {} on {} CPUs, {}", run.experiment, run.lock, run.cpus, run.config);
    match run.verdict {
        Verdict::Deadlock => closes(waits).map_err(|why| format!("{of}: {why} in {waits:?}")),
        Verdict::Stuck | Verdict::InvalidContext => {
            let named = !waits.is_empty() && waits.iter().all(|wait| is_line(&wait.at));
            let since = |wait: &&Wait| wait.held_since.as_deref().is_none_or(is_line);
            holds(&format!("{of} names each line: {waits:?}"), named && waits.iter().all(since))
        }
        _ => same(&format!("edges of {of}"), waits.len(), 0),
    }
}

/// There is a cycle: each of its holders waits for another of its edges, and every lock in it was taken at
/// some line and is waited for at another.
fn closes(waits: &[&Wait]) -> Answer {
    let cycle: Vec<&&Wait> = waits.iter().filter(|wait| wait.in_cycle).collect();
    holds("there is a cycle", !cycle.is_empty())?;
    for wait in &cycle {
        let next = cycle.iter().any(|other| Some(&other.waiter) == wait.holder.as_ref());
        holds("it closes", next)?;
        let is_lock = wait.lock.contains('.');
        let lines = is_line(&wait.at) && wait.held_since.as_deref().is_some_and(is_line);
        holds(
            "both lines of each lock are named",
            !is_lock || (lines && wait.held_since.as_ref() != Some(&wait.at)),
        )?;
    }
    holds("there is a lock in it", cycle.iter().any(|wait| wait.lock.contains('.')))
}

/// Whether `place` is a line of a source file of the kernel.
fn is_line(place: &str) -> bool {
    let number =
        |(file, line): (&str, &str)| file.ends_with(".rs") && line.parse::<u32>().is_ok_and(|line| line > 0);
    place.rsplit_once(':').is_some_and(number)
}

/// A kernel for one CPU leaves the others alone, and nothing is wrong with that.
fn tour(config: Config) -> Case {
    let cpus = if config.smp() { 4 } else { 1 };
    let case = Case::new(format!("configurations::tour::{config}"), "tour cpus=4").config(config);
    let case = case.never_says("one CPU only").boot(move |boot| {
        same("the configuration", boot.config.as_str(), config.word())?;
        same("CPUs", (boot.cpus, boot.cpus_expected), (cpus, cpus))
    });
    match config {
        Config::Full => case.never_says("built as"),
        other => case.says(format!("built as {other}\n")),
    }
}

/// The in-kernel cases hold in the other configurations, too.
fn kernel_cases(config: Config) -> Case {
    Case::new(format!("configurations::kernel-cases::{config}"), "test").config(config).check(none_failed)
}
