//! The catalogue as people read it: a list, cause by cause, and a page for each entry.

use alloc::string::{String, ToString};
use alloc::{format, vec};

use super::ALL;
use super::catalogue::QUESTIONS;
use super::entry::Experiment;
use crate::settings::Form;

/// Columns of a page.
pub const WIDTH: usize = 96;

/// What differs from reader to reader.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// A heading, so that it is seen as one.
    pub heading: fn(&str) -> String,
    /// What the reader types to run an entry in this form, in the mode that shows its race.
    pub command: fn(&Experiment, Form) -> String,
}

/// A line for each experiment, below the cause that it is about. `more` adds lines to an entry's.
pub fn list(reader: Reader, more: impl Fn(&'static Experiment) -> String) -> String {
    let width = ALL.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for chapter in ALL.chunk_by(|a, b| a.cause == b.cause) {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n", (reader.heading)(chapter[0].cause.title())));
        for entry in chapter {
            text.push_str(&format!("  {:width$}  {}\n", entry.name, entry.title));
            for line in more(entry).lines() {
                text += format!("  {line}").trim_end();
                text.push('\n');
            }
        }
    }
    text
}

/// The three layers of an experiment (goal, hint, explanation), the seven questions, and how to see it
/// happen.
pub fn explain(entry: &Experiment, reader: Reader) -> String {
    let heading = |text: &str| format!("\n{}\n", (reader.heading)(text));
    let mut text = format!("{}\n", (reader.heading)(&format!("{}: {}", entry.name, entry.title)));
    for (name, paragraphs) in [("Goal", entry.goal), ("Hint", entry.hint), ("Explanation", entry.explanation)]
    {
        let wrapped = paragraphs.split("\n\n").map(|paragraph| wrap(paragraph, WIDTH, "  ", "  "));
        text += &heading(name);
        text += &wrapped.collect::<alloc::vec::Vec<_>>().join("\n\n");
        text.push('\n');
    }
    text += &heading("What the verdict rests on");
    text += &items(entry.invariants);
    text += &heading("Seven questions");
    text += &questions(entry);
    text += &heading("In the books");
    text += &items(entry.sources);
    text += &heading("See it");
    for lock in entry.locks() {
        text += &format!("  {}\n", (reader.command)(entry, lock));
    }
    text
}

/// The seven questions that one should ask of any data, and what is answered here.
pub fn questions(entry: &Experiment) -> String {
    let pair = |(question, answer): (&&str, &str)| {
        wrap(question, WIDTH, "  - ", "    ") + "\n" + &wrap(answer, WIDTH, "    ", "    ") + "\n"
    };
    QUESTIONS.iter().zip(entry.seven).map(pair).collect()
}

fn items(texts: &[&str]) -> String {
    texts.iter().map(|text| wrap(text, WIDTH, "  - ", "    ") + "\n").collect()
}

/// `paragraph` in lines of at most `width` columns (longer words excepted), the first after `first`, the
/// others after `other`.
pub fn wrap(paragraph: &str, width: usize, first: &str, other: &str) -> String {
    let mut lines = vec![first.to_string()];
    let mut is_empty = true;
    for word in paragraph.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line, and lines are only added");
        if is_empty {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{other}{word}"));
        }
        is_empty = false;
    }
    lines.join("\n")
}
