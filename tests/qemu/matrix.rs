//! The matrix: each column in one machine, each cell as the catalogue expects it; and the kernel in each configuration.

use kcore::experiment::{ALL, COLUMNS, Column, is_expected, trials};
use kcore::settings::Config;
use lab::session::Outcome;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

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
}

fn each_cell(column: Column, outcome: &Outcome) -> Answer {
    let mut count = 0;
    for trial in ALL.iter().flat_map(|entry| trials(entry, column)) {
        let (name, lock) = (trial.experiment.name, trial.row.lock);
        let is_it = |run: &&kcore::report::Run| run.experiment == name && run.lock == lock.word();
        let runs: Vec<_> = outcome.report.runs().filter(is_it).collect();
        same(&format!("runs of {name} with {lock}"), runs.len(), 1)?;
        let run = runs[0];
        same("the machine", (run.cpus, run.config.as_str()), (column.cpus, column.config.word()))?;
        let what = format!("{name} with {lock} gives {}, it was {}", trial.expected, run.verdict);
        holds(&what, run.ok && is_expected(trial.expected, &run.verdict))?;
        count += 1;
    }
    same("runs", outcome.report.runs().count(), count)
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
    Case::new(format!("configurations::kernel-cases::{config}"), "test").config(config).check(|outcome| {
        let failed = outcome.report.summary().map(|summary| summary.failed);
        same("failed cases", failed, Some(0))
    })
}
