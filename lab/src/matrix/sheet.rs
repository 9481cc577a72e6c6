//! What stands in each cell of the matrix.

use kcore::experiment::{self, COLUMNS, Column, Experiment, Row, Verdict};
use kcore::report::Run;
use kcore::settings::{Expect, Form};

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The form does not fit the machine.
    NoFit,
    /// It was not run: its machine did not get so far.
    NotRun,
    /// It was run.
    Verdict {
        /// The word; `any` where whatever comes is right, so that luck does not change the table.
        word: String,
        /// Whether it had to be so.
        ok: bool,
    },
}

impl Mark {
    /// Whether all is as expected.
    pub fn is_ok(&self) -> bool {
        matches!(self, Mark::NoFit | Mark::Verdict { ok: true, .. })
    }

    /// Whether it was run, as expected, and clean.
    pub fn is_clean(&self) -> bool {
        matches!(self, Mark::Verdict { word, ok: true } if word == Verdict::Clean.word())
    }

    fn expected(expect: Expect) -> Self {
        Mark::Verdict { word: expect.to_string(), ok: true }
    }

    fn found(expect: Expect, run: &Run) -> Self {
        let ok = run.ok && run.expected == expect && expect.allows(run.verdict);
        match (expect, ok) {
            (Expect::Any, true) => Mark::expected(expect),
            _ => Mark::Verdict { word: run.verdict.to_string(), ok },
        }
    }
}

/// One form of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The form.
    pub row: &'static Row,
    /// What it gives in each column of the sheet.
    pub marks: Vec<Mark>,
}

/// One experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The experiment.
    pub experiment: &'static Experiment,
    /// Its forms.
    pub lines: Vec<Line>,
}

/// The matrix, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The machines.
    pub columns: Vec<Column>,
    /// The experiments.
    pub blocks: Vec<Block>,
}

impl Sheet {
    /// All of it, as the catalogue expects it.
    pub fn expected() -> Self {
        Sheet::new(experiment::ALL, &COLUMNS, |_, _, _, expect| Mark::expected(expect))
    }

    /// One experiment, as the catalogue expects it.
    pub fn of(experiment: &'static Experiment) -> Self {
        Sheet::new(&[experiment], &COLUMNS, |_, _, _, expect| Mark::expected(expect))
    }

    /// What was found in `columns`; `runs` are those of each.
    pub fn found(experiments: &[&'static Experiment], columns: &[Column], runs: &[Vec<Run>]) -> Self {
        Sheet::new(experiments, columns, |experiment, lock, column, expect| {
            let is_it = |run: &&Run| run.experiment == experiment.name && run.lock == lock.word();
            runs[column].iter().find(is_it).map_or(Mark::NotRun, |run| Mark::found(expect, run))
        })
    }

    fn new(
        experiments: &[&'static Experiment],
        columns: &[Column],
        mark: impl Fn(&Experiment, Form, usize, Expect) -> Mark,
    ) -> Self {
        let marks = |experiment: &'static Experiment, row: &'static Row| {
            let cells = columns.iter().enumerate().map(|(index, column)| {
                let cell = row.cell(column.cpus, column.config);
                cell.map_or(Mark::NoFit, |expect| mark(experiment, row.lock, index, expect))
            });
            Line { row, marks: cells.collect() }
        };
        let block = |experiment: &&'static Experiment| Block {
            experiment,
            lines: experiment.rows.iter().map(|row| marks(experiment, row)).collect(),
        };
        Sheet { columns: columns.to_vec(), blocks: experiments.iter().map(block).collect() }
    }

    /// Every cell that has something to be run in.
    pub fn cells(&self) -> impl Iterator<Item = (&'static Experiment, &'static Row, Column, &Mark)> {
        self.blocks.iter().flat_map(move |block| {
            let lines = block.lines.iter();
            let cells = lines.flat_map(move |line| {
                let cells = self.columns.iter().zip(&line.marks);
                cells.map(move |(column, mark)| (block.experiment, line.row, *column, mark))
            });
            cells.filter(|(.., mark)| **mark != Mark::NoFit)
        })
    }
}
