//! The tables for `docs/MATRIX.md`.

use std::fmt::Write;

use super::safety::{self, Safety};
use super::sheet::{Block, Sheet};
use super::table::word;

const ABOVE: &str = "\
# What each form gives on each machine

Computed by running: `cargo run -- matrix --markdown docs/MATRIX.md` writes this file, and a test compares it with the
catalogue. In each cell the race is forced, by a rendezvous, a script, or an interrupt at a certain point.

`clean`: nothing went wrong. `raced`: damage was done. `deadlock`, `livelock`, `stuck`: the watchdog found it and named it.
`context`: somebody slept where nobody may. `any`: left to chance. `-`: does not fit.

";

const SAFETY: &str = "\
## What each form is safe against

`yes`: clean in the experiment that decides, wherever the question arises. `no`: not clean somewhere. `-`: the experiment
does not have this form.

";

/// The whole file.
pub fn render(sheet: &Sheet) -> String {
    let mut text = ABOVE.to_string();
    for block in &sheet.blocks {
        text.push_str(&section(sheet, block));
    }
    let safety = Safety::of(sheet);
    if safety.questions.is_empty() {
        return text.trim_end().to_string() + "\n";
    }
    text + SAFETY + &answers(&safety)
}

fn section(sheet: &Sheet, block: &Block) -> String {
    let entry = block.experiment;
    let mut text = format!("## `{}`: {}\n\n", entry.name, entry.title);
    let heads = sheet.columns.iter().map(|column| match column.cpus {
        1 => format!("1 CPU, {}", column.config),
        cpus => format!("{cpus} CPUs, {}", column.config),
    });
    row(&mut text, "form", heads);
    row(&mut text, "---", sheet.columns.iter().map(|_| "---".to_string()));
    for line in &block.lines {
        row(&mut text, &format!("`{}`", line.row.lock), line.marks.iter().map(word));
    }
    text.push('\n');
    text
}

fn answers(safety: &Safety) -> String {
    let mut text = String::new();
    let head = |question: &safety::Question| format!("{} (`{}`)", question.name, question.experiment);
    row(&mut text, "form", safety.questions.iter().map(head));
    row(&mut text, "---", safety.questions.iter().map(|_| "---".to_string()));
    for (lock, answers) in &safety.forms {
        row(&mut text, &format!("`{lock}`"), answers.iter().map(|answer| safety::word(*answer).to_string()));
    }
    text
}

/// A line of a table. Writing to a string cannot fail.
fn row(text: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    let _ = writeln!(text, "| {first} | {} |", cells.join(" | "));
}
