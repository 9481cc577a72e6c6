//! The sheet as text for a terminal of 100 columns.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use kcore::experiment::Column;
use kcore::settings::Expect;

use super::sheet::{Block, Mark, Sheet};

/// Columns of a form's name, with what is before it.
const NAME: usize = 15;
/// Columns of a cell, with the gap before it.
const CELL: usize = 13;
const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const DAMAGE: Style = AnsiColor::Yellow.on_default();
const WRONG: Style = AnsiColor::Red.on_default().bold();

/// The table, with a legend of its columns above and of its words below.
pub fn render(sheet: &Sheet) -> String {
    let mut text = heads(&sheet.columns);
    for block in &sheet.blocks {
        text.push('\n');
        text.push_str(&lines(block));
    }
    let _ = write!(text, "\n{FAINT}{LEGEND}{FAINT:#}\n");
    text
}

const LEGEND: &str = "\
context: somebody slept where nobody may.  any: left to chance.  -: does not fit.  ?: not run.
!: not as expected.";

/// CPUs above, configurations below.
fn heads(columns: &[Column]) -> String {
    let cpus = |column: &Column| match column.cpus {
        1 => "1 CPU".to_string(),
        cpus => format!("{cpus} CPUs"),
    };
    let upper = columns.iter().map(|column| format!("{:>CELL$}", cpus(column)));
    let lower = columns.iter().map(|column| format!("{:>CELL$}", column.config));
    let line = |cells: String| format!("{BOLD}{:NAME$}{cells}{BOLD:#}\n", "");
    line(upper.collect()) + &line(lower.collect())
}

fn lines(block: &Block) -> String {
    let entry = block.experiment;
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n", entry.name, entry.title);
    for line in &block.lines {
        let cells: String = line.marks.iter().map(cell).collect();
        let _ = writeln!(text, "  {:width$}{cells}", line.row.lock, width = NAME - 2);
    }
    text
}

fn cell(mark: &Mark) -> String {
    let style = match mark {
        Mark::NoFit => FAINT,
        mark if !mark.is_ok() => WRONG,
        mark if mark.is_clean() => GOOD,
        _ => DAMAGE,
    };
    let word = word(mark);
    format!("{:gap$}{style}{word}{style:#}", "", gap = CELL.saturating_sub(word.len()))
}

/// The word of a cell, short.
pub fn word(mark: &Mark) -> String {
    match mark {
        Mark::NoFit => "-".to_string(),
        Mark::NotRun => "?".to_string(),
        Mark::Verdict { word, ok } => {
            let short = if word == Expect::InvalidContext.word() { "context" } else { word };
            format!("{short}{}", if *ok { "" } else { "!" })
        }
    }
}
