//! The catalogue as people read it: a list, cause by cause, and a page for each entry.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::ops::RangeInclusive;

use super::ALL;
use super::catalogue::QUESTIONS;
use super::entry::Experiment;
use crate::settings::Form;

/// Columns of a page whose reader's are not known.
pub const WIDTH: usize = 96;
/// Columns that a terminal may have: of a narrower one it is not minded, and a wider one is not filled.
const COLUMNS: RangeInclusive<usize> = 60..=100;

/// Columns of a page on a terminal that has so many.
pub fn width_on(columns: usize) -> usize {
    columns.clamp(*COLUMNS.start(), *COLUMNS.end())
}

/// What differs from reader to reader.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Columns of a page.
    pub width: usize,
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
            let first = format!("  {:width$}  ", entry.name);
            text += &(wrap(entry.title, reader.width, &first, &" ".repeat(width + 4)) + "\n");
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
    let wrap = |text: &str, first, other| wrap(text, reader.width, first, other);
    let items =
        |texts: &[&str]| texts.iter().map(|text| wrap(text, "  - ", "    ") + "\n").collect::<String>();
    let mut text = format!("{}\n", (reader.heading)(&format!("{}: {}", entry.name, entry.title)));
    for (name, paragraphs) in [("Goal", entry.goal), ("Hint", entry.hint), ("Explanation", entry.explanation)]
    {
        let wrapped = paragraphs.split("\n\n").map(|paragraph| wrap(paragraph, "  ", "  "));
        text += &heading(name);
        text += &wrapped.collect::<Vec<_>>().join("\n\n");
        text.push('\n');
    }
    text += &heading("What the verdict rests on");
    text += &items(entry.invariants);
    text += &heading("Seven questions");
    text += &questions(entry, reader.width);
    text += &heading("In the books");
    text += &items(entry.sources);
    text += &heading("See it");
    for lock in entry.locks() {
        text += &format!("  {}\n", (reader.command)(entry, lock));
    }
    text
}

/// What [`explain`] says before it explains: the goal, and where to look.
pub fn hint(entry: &Experiment, reader: Reader) -> String {
    let whole = explain(entry, reader);
    let end = whole.find(&format!("\n{}\n", (reader.heading)("Explanation")));
    whole[..end.unwrap_or(whole.len())].to_string()
}

/// The seven questions that one should ask of any data, and what is answered here.
pub fn questions(entry: &Experiment, width: usize) -> String {
    let pair = |(question, answer): (&&str, &str)| {
        wrap(question, width, "  - ", "    ") + "\n" + &wrap(answer, width, "    ", "    ") + "\n"
    };
    QUESTIONS.iter().zip(entry.seven).map(pair).collect()
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

/// The lines of `text` in as many as no word is broken in on a terminal with so many columns. A command goes
/// on behind a backslash, so that it can be copied.
pub fn fit(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| fitting(line, columns)).collect::<Vec<_>>().join("\n")
}

fn fitting(line: &str, columns: usize) -> String {
    let other = " ".repeat(line.len() - line.trim_start().len() + 2);
    let is_command = line.starts_with("again: ") || line.contains("cargo run -- ");
    let end = if is_command { " \\" } else { "" };
    let (mut fitting, mut rest) = (String::new(), line.to_string());
    while rest.chars().count() > columns {
        let first = rest.len() - rest.trim_start().len();
        let most = columns.saturating_sub(end.len()) + 1;
        let most = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at).max(first);
        let space = rest[first..most].rfind(' ').or_else(|| rest[first..].find(' '));
        let Some(at) = space.map(|at| first + at) else { break };
        fitting += &format!("{}{end}\n", rest[..at].trim_end());
        rest = format!("{other}{}", rest[at..].trim_start());
    }
    fitting + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_broken_and_a_command_can_be_copied() {
        assert_eq!(fit("  ab  cd ef", 9), "  ab  cd\n    ef");
        assert_eq!(fit("ab\ncd\n", 2), "ab\ncd\n");
        assert_eq!(fit("  a-long-word and more", 9), "  a-long-word\n    and\n    more");
        assert_eq!(fit("again: cargo run -- run x", 20), "again: cargo run \\\n  -- run x");
        assert_eq!(fit("    a b", 2), "    a\n      b");
    }
}
