//! `docs/EXPERIMENTS.md`: the catalogue as a page.

use kcore::experiment::{ALL, COLUMNS, Cell, Experiment, QUESTIONS};
use kcore::settings::{Expect, Probe, Verdict};

use super::text::{anchor, code, escape, heads, items, links_to_races, paragraphs, row};

const ABOVE: &str = "\
# The experiments

Each is a race, or a mistake of another kind, that can be had on demand: nearly all are broken without the right primitive, cured
by it, and not cured by the one that is reached for wrongly. This page is the catalogue that the kernel runs, printed; `cargo documents`
writes it and a test compares it with the catalogue. At a terminal, `cargo run -- list` and `cargo run -- explain NAME` show the
same. [RACES](RACES.md) tells the races apart that have a number, [MATRIX](MATRIX.md) has each form on each machine in a cell of
its own, [CONTRIBUTING](../CONTRIBUTING.md#write-your-own-experiment) shows how to write one.

Of each experiment you find a goal and a hint, to try for yourself first; what happens and why each cure works; the *forms* that
`--lock` can give it, of which the first is the one without a cure; and the *points* where its tasks touch shared memory, at which
`--probe` can stop them. *Forced* is the mode that leaves nothing to luck. What a form gives where the race is forced depends on
the machine:

";

/// The whole page.
pub fn render() -> String {
    let mut text = ABOVE.to_string();
    heads(&mut text, &["word", "meaning"]);
    for (word, meaning) in [
        (Verdict::Clean.into(), "nothing went wrong"),
        (Verdict::Raced.into(), "damage was done"),
        (Verdict::Deadlock.into(), "tasks wait for each other in a circle, or one for itself"),
        (Verdict::Stuck.into(), "a task waits, and none is left that would wake it"),
        (Verdict::InvalidContext.into(), "a task was about to sleep where it must not"),
        (Expect::Any, "left to chance, or to the host"),
    ] {
        row(&mut text, [format!("`{}`", word.word()), meaning.to_string()]);
    }
    text += "\n## Seven questions\n\nTo be asked of any data that is shared (LKD 9); each experiment answers them.\n\n";
    for question in QUESTIONS {
        text += &format!("1. {}\n", escape(question));
    }
    for chapter in ALL.chunk_by(|a, b| a.cause == b.cause) {
        text += &format!("\n## {}\n\n", capital(chapter[0].cause.title()));
        heads(&mut text, &["experiment", "what happens", "races"]);
        for entry in chapter {
            let link = format!("[`{0}`](#{0})", entry.name);
            row(&mut text, [link, escape(entry.title), links_to_races(entry.races)]);
        }
        text.extend(chapter.iter().map(|entry| section(entry)));
    }
    text
}

fn section(entry: &'static Experiment) -> String {
    let mut text = format!("\n### {}\n\n{}.\n\n", entry.name, capital(&escape(entry.title)));
    text += &paragraphs("Goal.", entry.goal);
    text.push('\n');
    text += &paragraphs("Hint.", entry.hint);
    text.push('\n');
    text += &how(entry);
    text.push('\n');
    text += &paragraphs("Explanation.", entry.explanation);
    text.push('\n');
    text += &forms(entry);
    text += &items("The verdict rests on this:", entry.invariants.iter().copied());
    text += "**Answers to the [seven questions](#seven-questions):**\n\n";
    for answer in entry.seven {
        text += &format!("1. {}\n", escape(answer));
    }
    text.push('\n');
    text += &items("In the books:", entry.sources.iter().copied());
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// How it is run, and where its tasks can be stopped.
fn how(entry: &Experiment) -> String {
    let mut text = String::new();
    let natural = entry.usual() == Probe::Off && entry.forced() != Probe::Off;
    let unasked = if natural { "probes are off unless asked for" } else { "forced unless told otherwise" };
    let tasks = entry.tasks.map_or("one for each CPU".to_string(), |tasks| tasks.to_string());
    heads(&mut text, &["", ""]);
    row(&mut text, ["races", &links_to_races(entry.races)]);
    row(
        &mut text,
        ["forced", &format!("`cargo run -- run {} --probe {}`; {unasked}", entry.name, entry.forced())],
    );
    row(&mut text, ["tasks", &tasks]);
    row(&mut text, ["work", &escape(entry.unit)]);
    row(&mut text, ["points", &code(entry.known_points.iter().copied())]);
    for (name, list) in
        [("they meet at", entry.points), ("script", entry.script), ("interrupt at", entry.fire)]
    {
        if !list.is_empty() {
            row(&mut text, [name, &code(list.iter().copied())]);
        }
    }
    for (form, points) in entry.points_of {
        row(&mut text, [&format!("`{form}` meets at"), &code(points.iter().copied())]);
    }
    text
}

/// What each form gives; those that give the same share a line.
fn forms(entry: &'static Experiment) -> String {
    let heading = format!("`{}`: {}", entry.name, entry.title);
    let mut text = format!("**Forms** ([the cells](MATRIX.md#{})):\n\n", anchor(&heading));
    let columns = COLUMNS.iter().map(|column| match column.cpus {
        1 => format!("1 CPU, {}", column.config),
        cpus => format!("{cpus} CPUs, {}", column.config),
    });
    let names: Vec<String> = ["form".to_string()].into_iter().chain(columns).collect();
    heads(&mut text, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut rows: Vec<([Cell; COLUMNS.len()], Vec<&str>)> = Vec::new();
    for form in entry.rows {
        match rows.iter_mut().find(|(gives, _)| *gives == form.gives) {
            Some((_, forms)) => forms.push(form.lock.word()),
            None => rows.push((form.gives, vec![form.lock.word()])),
        }
    }
    for (gives, forms) in rows {
        let words = gives.iter().map(|cell| cell.map_or("-", Expect::word).to_string());
        row(&mut text, [code(forms)].into_iter().chain(words));
    }
    text + "\n"
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// The section of the experiment called `name`, from another page of `docs/`.
pub fn link(entry: &Experiment) -> String {
    format!("[`{0}`](EXPERIMENTS.md#{0})", entry.name)
}
