//! The sheet as text for a terminal of 80 columns.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use kcore::counted::Counted;
use kcore::experiment::Column;
use kcore::settings::Verdict;

use crate::catalogue::wrap;

use super::sheet::{Block, Mark, Sheet};

/// Columns of a form's name, with what is before it.
const NAME: usize = 14;
/// Columns of the longest word of a cell, `deadlock!`.
const WORD: usize = 9;
/// Columns between two groups of heads.
const GAP: usize = 2;
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
        text.push_str(&lines(block, &sheet.columns));
    }
    let _ = write!(text, "\n{FAINT}{}{FAINT:#}\n", wrap(LEGEND, "", "").trim_end());
    text
}

const LEGEND: &str = "context: a task slept where none may. any: left to chance. -: does not fit. \
?: not run. !: not as expected.";

/// CPUs above, each number once over its columns, and configurations below.
fn heads(columns: &[Column]) -> String {
    let mut text = format!("{BOLD}{:NAME$}", "");
    for group in columns.chunk_by(|a, b| a.cpus == b.cpus) {
        let label = format!(" {} ", Counted(group[0].cpus.into(), "CPU"));
        let all: usize = group.iter().map(width).sum();
        let _ = write!(text, "{:GAP$}{label:-^width$}", "", width = all - GAP);
    }
    let _ = write!(text, "{BOLD:#}\n{BOLD}{:NAME$}", "");
    for column in columns {
        let _ = write!(text, "{:>width$}", column.config, width = width(column));
    }
    text + &format!("{BOLD:#}\n")
}

/// Columns of a column of the sheet, with the gap before it.
fn width(column: &Column) -> usize {
    column.config.word().len().max(WORD) + 1
}

fn lines(block: &Block, columns: &[Column]) -> String {
    let name = block.experiment.name;
    let title = wrap(block.experiment.title, &format!("{name}  "), "  ");
    format!("{BOLD}{name}{BOLD:#}{}\n{}", &title[name.len()..], forms(block, columns))
}

fn forms(block: &Block, columns: &[Column]) -> String {
    let mut text = String::new();
    for line in &block.lines {
        let cells: String = line.marks.iter().zip(columns).map(|(mark, column)| cell(mark, column)).collect();
        let _ = writeln!(text, "  {:width$}{cells}", line.row.lock, width = NAME - 2);
    }
    text
}

/// The table alone, without titles and legend.
pub fn body(sheet: &Sheet) -> String {
    let forms = |block: &Block| forms(block, &sheet.columns);
    heads(&sheet.columns) + &sheet.blocks.iter().map(forms).collect::<String>()
}

fn cell(mark: &Mark, column: &Column) -> String {
    let style = match mark {
        Mark::NoFit => FAINT,
        mark if !mark.is_ok() => WRONG,
        mark if mark.is_clean() => GOOD,
        _ => DAMAGE,
    };
    let word = word(mark);
    format!("{:gap$}{style}{word}{style:#}", "", gap = width(column).saturating_sub(word.len()).max(1))
}

/// The word of a cell, short.
pub fn word(mark: &Mark) -> String {
    match mark {
        Mark::NoFit => "-".to_string(),
        Mark::NotRun => "?".to_string(),
        Mark::Verdict { word, ok } => {
            let short = if word == Verdict::InvalidContext.word() { "context" } else { word };
            format!("{short}{}", if *ok { "" } else { "!" })
        }
    }
}

#[cfg(test)]
mod tests {
    use kcore::experiment;

    use super::*;

    /// Also where it stands two columns further in.
    #[test]
    fn a_terminal_of_80_columns_is_wide_enough() {
        let text = anstream::adapter::strip_str(&body(&Sheet::expected())).to_string();
        for line in text.lines() {
            assert!(line.chars().count() <= 78 && line == line.trim_end(), "{line:?}");
        }
        assert!(experiment::ALL.iter().flat_map(|one| one.rows).all(|row| row.lock.word().len() <= NAME - 2));
        let words = Verdict::WORDS.iter().map(|word| Mark::Verdict { word: word.to_string(), ok: true });
        assert!(words.map(|mark| word(&mark)).all(|word| word.len() <= WORD));
    }

    #[test]
    fn words_are_short_and_doubts_are_marked() {
        let verdict = |word: &str, ok| Mark::Verdict { word: word.to_string(), ok };
        assert_eq!(word(&verdict("invalid-context", true)), "context");
        assert_eq!(word(&verdict("deadlock", false)), "deadlock!");
        assert_eq!((word(&Mark::NoFit).as_str(), word(&Mark::NotRun).as_str()), ("-", "?"));
    }

    #[test]
    fn columns_stand_below_each_other() {
        let text = anstream::adapter::strip_str(&body(&Sheet::expected())).to_string();
        let width = |line: &str| line.chars().count();
        let widths: Vec<usize> = text.lines().map(width).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }
}
