//! The command `matrix`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use kcore::counted::Counted;
use kcore::experiment::{COLUMNS, Column, Experiment, chosen, trials};
use kcore::report::{Record, Run, Summary};
use kcore::settings::{Expect, Form};

use super::machines;
use super::safety::{self, Safety};
use super::sheet::{Mark, Sheet};
use super::{markdown, table};
use crate::catalogue;
use crate::cli::Options;
use crate::machine::Machine;
use crate::output::{Sink, complain, say, text_of};
use crate::session::Outcome;
use crate::status::{Failure, Status};
use crate::symbols::Symbols;

/// What is wanted of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<'a> {
    /// One experiment only.
    pub(crate) experiment: Option<&'a str>,
    /// Where the tables go as Markdown.
    pub(crate) markdown: Option<&'a Path>,
}

/// Runs the matrix and shows it.
pub(crate) fn main(choice: Choice<'_>, options: &Options) -> Result<Status, Failure> {
    choice.experiment.map(catalogue::find).transpose()?;
    let mut experiments: Vec<_> = chosen(choice.experiment).map_err(Failure::from)?.collect();
    let columns = columns(options)?;
    if choice.markdown.is_some() && (choice.experiment.is_some() || columns.len() < COLUMNS.len()) {
        return Err(Failure::usage(
            "--markdown is for the whole matrix, with every experiment and column (try --help)",
        ));
    }
    experiments.retain(|entry| columns.iter().any(|column| trials(entry, *column).next().is_some()));
    let open = |to: Option<&Path>| to.map(|to| Sink::open("report", to)).transpose();
    let (document, to_json) = (open(choice.markdown)?, open(options.json.as_deref())?);
    let found = Found::by_running(&columns, &experiments, choice.experiment, options)?;
    let sheet = Sheet::found(&experiments, &columns, &found.runs);
    let text = &mut *text_of(options);
    say(text, &table::render(&sheet))?;
    let safety = safety::render(&Safety::of(&sheet));
    if choice.experiment.is_none() && !safety.is_empty() {
        say(text, &safety)?;
    }
    let wrong = complaints(&sheet, &found.problems);
    wrong.iter().for_each(|line| complain(line));
    let cells = sheet.cells().count();
    let failed = sheet.cells().filter(|(.., mark)| !mark.is_ok()).count();
    let verdict = match (wrong.len(), failed) {
        (0, _) => "all as expected".to_string(),
        (_, 0) => "all as expected, but not all is well".to_string(),
        _ => format!("{failed} NOT as expected"),
    };
    say(
        text,
        &format!("{}, {verdict}, in {:.1} s", Counted(cells as u64, "cell"), found.took.as_secs_f64()),
    )?;
    if let Some(document) = document {
        document.write(&markdown::render(&sheet))?;
    }
    if let Some(to) = to_json {
        to.lines(&json(&found.runs, cells, failed))?;
    }
    Ok(match (wrong.is_empty(), found.died) {
        (true, _) => Status::Expected,
        (false, Some(status)) if failed == cells => status,
        (false, _) => Status::Unexpected,
    })
}

/// The columns that the options leave.
fn columns(options: &Options) -> Result<Vec<Column>, Failure> {
    let cpus = |column: &Column| options.told.word("cpus").is_none_or(|cpus| cpus == column.cpus.to_string());
    let config = |column: &Column| options.config.is_none_or(|config| config == column.config);
    let left: Vec<Column> = COLUMNS.into_iter().filter(|column| cpus(column) && config(column)).collect();
    match left.is_empty() {
        false => Ok(left),
        true => {
            let all: Vec<String> = COLUMNS.iter().map(name).collect();
            Err(Failure::usage(format!(
                "the matrix has no such column; its columns: {} (try --help)",
                all.join(", ")
            )))
        }
    }
}

/// What came of the machines.
struct Found {
    /// The runs of each column.
    runs: Vec<Vec<Run>>,
    /// What is wrong with the machines, a sentence each.
    problems: Vec<String>,
    /// From the first boot to the last end; what Cargo needed for the kernels is not in it.
    took: Duration,
    /// How the first machine ended that did not come to its end.
    died: Option<Status>,
}

impl Found {
    fn by_running(
        columns: &[Column],
        experiments: &[&'static Experiment],
        only: Option<&str>,
        options: &Options,
    ) -> Result<Self, Failure> {
        let lines: Vec<Vec<String>> = columns.iter().map(|column| line(*column, only, options)).collect();
        lines.iter().try_for_each(|line| catalogue::read(line).map(drop))?;
        let kernels = machines::kernels(columns, options.profile())?;
        let machine = |(kernel, line): (_, &Vec<String>)| {
            line.iter().cloned().fold(Machine::new(kernel), Machine::word)
        };
        let machines: Vec<Machine> = kernels.iter().zip(&lines).map(machine).collect();
        let cells =
            columns.iter().flat_map(|column| experiments.iter().map(|entry| trials(entry, *column).count()));
        let progress = progress(cells.sum());
        let began = Instant::now();
        let outcomes = machines::run(&machines, |number, line| {
            progress.inc(u64::from(is_cell(line)));
            if options.verbose {
                progress.suspend(|| eprintln!("{}: {line}", name(&columns[number])));
            }
        });
        progress.finish_and_clear();
        let mut found = Found { runs: Vec::new(), problems: Vec::new(), took: began.elapsed(), died: None };
        for ((column, machine), outcome) in columns.iter().zip(&machines).zip(outcomes) {
            found.add(*column, machine, outcome?);
        }
        Ok(found)
    }

    fn add(&mut self, column: Column, machine: &Machine, outcome: Outcome) {
        let (runs, mut problems) = machines::runs(column, &outcome);
        if !outcome.status.is_verdict() {
            self.died.get_or_insert(outcome.status);
            problems.push(last_words(&outcome, &Symbols::of(machine.kernel())));
        }
        self.problems.extend(problems.into_iter().map(|problem| format!("{}: {problem}", name(&column))));
        self.runs.push(runs);
    }
}

/// The kernel's command line for a column, word by word.
fn line(column: Column, only: Option<&str>, options: &Options) -> Vec<String> {
    let mut words = vec!["matrix".to_string()];
    words.extend(only.map(str::to_string));
    words.extend(options.told.words().into_iter().filter(|word| !word.starts_with("cpus=")));
    words.push(format!("cpus={}", column.cpus));
    words
}

/// Whether `line` of COM1 tells of a cell: `counter spinlock: clean`.
fn is_cell(line: &str) -> bool {
    let mut words = line.split(' ');
    let experiment = words.next().is_some_and(|word| kcore::experiment::find(word).is_ok());
    experiment && words.next().is_some_and(|word| word.ends_with(':'))
}

/// How a machine ended that did not come to its end, with what it said after the last cell.
fn last_words(outcome: &Outcome, symbols: &Symbols) -> String {
    const MOST: usize = 40;
    let lines: Vec<&str> = outcome.com1.lines().collect();
    let after = lines.iter().rposition(|line| is_cell(line));
    let from = after.unwrap_or(0).max(lines.len().saturating_sub(MOST));
    let mut text = format!("the machine did not come to its end ({:?})", outcome.status);
    let said = lines[from..].iter().map(|line| symbols.annotate(line));
    for line in said.chain(outcome.stderr.lines().map(str::to_string)) {
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// A bar, where a user sees it.
fn progress(cells: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} cells").expect("a correct template");
    ProgressBar::new(cells as u64).with_style(style)
}

/// A sentence for each thing that is wrong: machines, then forms with what they gave, then columns with cells
/// not run.
fn complaints(sheet: &Sheet, problems: &[String]) -> Vec<String> {
    let mut wrong: Vec<(Surprise<'_>, Vec<Column>)> = Vec::new();
    let mut not_run: BTreeMap<String, usize> = BTreeMap::new();
    for (experiment, row, column, mark) in sheet.cells().filter(|(.., mark)| !mark.is_ok()) {
        let Mark::Verdict { word, .. } = mark else {
            *not_run.entry(name(&column)).or_default() += 1;
            continue;
        };
        let expected = row.cell(column.cpus, column.config).map_or("nothing", Expect::word);
        let surprise = Surprise { experiment, lock: row.lock, word, expected };
        match wrong.iter_mut().find(|(other, _)| *other == surprise) {
            Some((_, columns)) => columns.push(column),
            None => wrong.push((surprise, vec![column])),
        }
    }
    let surprises = wrong.iter().map(|(surprise, columns)| surprise.sentence(columns));
    let missing = not_run.iter().map(|(column, count)| format!("{column}: {count} cells were not run"));
    problems.iter().cloned().chain(surprises).chain(missing).collect()
}

/// A form that gave one thing where another was expected.
#[derive(PartialEq, Eq)]
struct Surprise<'a> {
    experiment: &'static Experiment,
    lock: Form,
    word: &'a str,
    expected: &'static str,
}

impl Surprise<'_> {
    /// What came where, and how to see it again.
    fn sentence(&self, columns: &[Column]) -> String {
        let Surprise { experiment, lock, word, expected } = self;
        let places: Vec<String> = columns.iter().map(name).collect();
        let Column { cpus, config } = columns[0];
        let (entry, probe, tasks) =
            (experiment.name, experiment.forced(), experiment.tasks.unwrap_or(cpus.max(2)));
        format!(
            "{entry} with {lock}: {word}, where {expected} is expected: {}; see it:\n  \
             cargo run -- run {entry} --lock {lock} --probe {probe} --cpus {cpus} --writers {tasks} --config {config}",
            places.join(", "),
        )
    }
}

/// `4 CPUs smp`.
fn name(column: &Column) -> String {
    format!("{} {}", Counted(u64::from(column.cpus), "CPU"), column.config)
}

/// The runs, column by column, and the sum.
fn json(runs: &[Vec<Run>], cells: usize, failed: usize) -> Vec<String> {
    let summary = Summary { passed: (cells - failed) as u32, failed: failed as u32 };
    let records = runs.iter().flatten().cloned().map(Record::Run).chain([Record::Summary(summary)]);
    records.map(|record| serde_json::to_string(&record).expect("records have string keys only")).collect()
}
