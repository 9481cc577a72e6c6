//! The tables for `docs/MATRIX.md`.

use std::fmt::Write;

use kcore::experiment::Experiment;

use super::safety::{self, Safety};
use super::sheet::{Block, Sheet};
use super::table::word;

const ABOVE: &str = "\
# What each form gives on each machine

A form is what the critical section of an experiment is guarded by, or what else makes it right or wrong. Here each form of
each experiment was run on six machines, with the race forced, by a rendezvous, a script, or an interrupt at a certain
point. So nothing in a cell is luck, unless it says `any`. `cargo run -- matrix --markdown docs/MATRIX.md` runs them all and
writes this file; a test compares it with the catalogue.

| column | the machine | the kernel |
| --- | --- | --- |
| 4 CPUs, smp+preempt | four CPUs | for several CPUs; a task can lose its CPU between any two instructions |
| 4 CPUs, smp | four CPUs | for several CPUs; a task keeps its CPU until it sleeps or yields |
| 1 CPU, smp+preempt; 1 CPU, smp | one CPU | the same two kernels |
| 1 CPU, preempt | one CPU | for one CPU only, so a spinlock has no word; tasks lose their CPU |
| 1 CPU, up | one CPU | for one CPU only; tasks keep it |

| verdict | meaning |
| --- | --- |
| `clean` | nothing went wrong |
| `raced` | damage was done: something was lost, leaked, torn, used after it was freed, or two owners were inside at once |
| `deadlock` | tasks wait for each other in a circle, or one waits for itself; the watchdog has named them |
| `stuck` | a task waits and none is left that would wake it: a lock that was never given back, a wake-up that was lost |
| `context` | `invalid-context`: a task was about to sleep where it must not |
| `oops` | a task died of an exception or a panic, as a driver's mistake kills its caller; the machine went on |
| `any` | left to chance, or to the host |
| `-` | the form, or the experiment, does not fit the machine |

To repeat a cell take the command that stands above its table, with the form and the column filled in: `--config smp` and
the like. Where that command says `rendezvous` and names no number of tasks, add `--writers 2` on one CPU: a task that is
alone meets no other. `cargo run -- explain NAME` says why each form gives what it gives.

";

const SAFETY: &str = "\
## What each form is safe against

One experiment decides each question. `yes`: the form was clean in it, wherever the question arises. `no`: not clean
somewhere. `-`: the experiment does not have this form. The questions are whether a form keeps out another task that gets
the CPU (preempt-safe), a handler or a softirq on the same CPU (interrupt-safe, softirq-safe), and another CPU (SMP-safe),
and whether its holder may sleep.

";

/// The whole file.
pub fn render(sheet: &Sheet) -> String {
    let mut text = ABOVE.to_string();
    let safety = Safety::of(sheet);
    if !safety.questions.is_empty() {
        text.push_str(SAFETY);
        text.push_str(&answers(&safety));
        text.push('\n');
    }
    for block in &sheet.blocks {
        text.push_str(&section(sheet, block));
    }
    text.trim_end().to_string() + "\n"
}

fn section(sheet: &Sheet, block: &Block) -> String {
    let entry = block.experiment;
    let mut text = format!("## `{}`: {}\n\n", entry.name, entry.title);
    let _ = writeln!(text, "{}\n", command(entry));
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

/// How to repeat a cell of `entry`. What its machine and its form are is left open.
fn command(entry: &Experiment) -> String {
    let tasks = entry.tasks.map(|tasks| format!(" --writers {tasks}")).unwrap_or_default();
    let probe = entry.forced();
    format!("`cargo run -- run {} --lock FORM --probe {probe}{tasks} --cpus N --config CONFIG`", entry.name)
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
