//! Lines, cells, links and anchors of a page in Markdown.

use std::fmt::Write;

use kcore::experiment::page::wrap;
use kcore::races;

/// Columns of a line.
const WIDTH: usize = 110;

/// The paragraphs of a plain text, which are parted by empty lines, after the bold word `lead`.
pub fn paragraphs(lead: &str, plain: &str) -> String {
    let text = format!("**{lead}** {}", escape(plain));
    let wrapped = text.split("\n\n").map(|paragraph| lines(&wrap(paragraph, WIDTH, "", "")));
    wrapped.collect::<Vec<_>>().join("\n")
}

/// The lines of a paragraph, none of which is taken for the item of a list.
fn lines(wrapped: &str) -> String {
    let is_item = |line: &str| line.starts_with("- ") || line.starts_with("+ ") || line.starts_with('#');
    let line = |line: &str| if is_item(line) { format!("\\{line}\n") } else { format!("{line}\n") };
    wrapped.lines().map(line).collect()
}

/// A list of plain texts after the bold word `lead`.
pub fn items<'a>(lead: &str, plain: impl IntoIterator<Item = &'a str>) -> String {
    let item = |text: &str| wrap(&escape(text), WIDTH, "- ", "  ") + "\n";
    format!("**{lead}**\n\n{}\n", plain.into_iter().map(item).collect::<String>())
}

/// A line of a table. Writing to a string cannot fail.
pub fn row<T: AsRef<str>>(text: &mut String, cells: impl IntoIterator<Item = T>) {
    for cell in cells {
        let _ = write!(text, "| {} ", cell.as_ref());
    }
    text.push_str("|\n");
}

/// The heads of a table.
pub fn heads(text: &mut String, cells: &[&str]) {
    row(text, cells);
    row(text, cells.iter().map(|_| "---"));
}

/// Words as code, parted by commas.
pub fn code<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Plain text without anything that Markdown would take for its own.
pub fn escape(plain: &str) -> String {
    let is_special = |c: char| "\\`*_<>[]|".contains(c);
    plain.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Races by their numbers, each with its section in `docs/RACES.md`.
pub fn links_to_races(ids: &[&str]) -> String {
    let link = |id: &&str| match races::find(id) {
        Some(race) => format!("[{id}](RACES.md#{})", anchor(&format!("{id}: {}", race.title))),
        None => (*id).to_string(),
    };
    ids.iter().map(link).collect::<Vec<_>>().join(", ")
}

/// What GitHub calls the section with this heading: small letters, digits and dashes.
pub fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_minus_is_no_item() {
        let text = paragraphs("Goal.", &format!("{} n - 1", "word".repeat(26)));
        assert!(text.contains("\n\\- 1\n") || !text.contains("\n- "), "{text}");
    }

    #[test]
    fn an_anchor_is_what_github_makes_of_a_heading() {
        assert_eq!(anchor("`scull-leak`: two writers, one slot"), "scull-leak-two-writers-one-slot");
        assert_eq!(anchor("R1: a quantum is leaked"), "r1-a-quantum-is-leaked");
    }
}
