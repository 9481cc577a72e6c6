//! What catches the eye in a report: the colours of a terminal, and of the picture in the README.

use std::io;

use anstyle::{AnsiColor, Style};
use kcore::experiment::page::fit;

use crate::output::room;

/// What a line of a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A line like others.
    Plain,
    /// The details: return addresses, the command that repeats the run.
    Faint,
    /// A finding.
    Damage,
    /// A verdict that nothing went wrong.
    Good,
    /// A verdict that was not expected.
    Wrong,
}

/// How the finding begins that names a block or the tasks.
const FINDINGS: &[&str] =
    &["unreferenced object", "deadlock: ", "stuck: ", "livelock: ", "invalid context: "];

impl Tone {
    /// The tone of `line`.
    pub fn of(line: &str) -> Self {
        let trimmed = line.trim_start();
        let begins_with_one_of = |words: &[&str]| words.iter().any(|word| trimmed.starts_with(word));
        if let Some(verdict) = line.strip_prefix("verdict: ") {
            return match verdict {
                verdict if verdict.contains("NOT as expected") => Tone::Wrong,
                verdict if verdict.starts_with("clean") => Tone::Good,
                _ => Tone::Damage,
            };
        }
        match line {
            _ if begins_with_one_of(&["[<", "(inlined)", "again: "]) => Tone::Faint,
            _ if begins_with_one_of(FINDINGS) || line.ends_with("that was the last reference") => {
                Tone::Damage
            }
            _ if line.starts_with("= leaked") && line.contains(|c| ('1'..='9').contains(&c)) => Tone::Damage,
            _ if line.starts_with("lost updates ") && line.contains(|c| ('1'..='9').contains(&c)) => {
                Tone::Damage
            }
            _ => Tone::Plain,
        }
    }

    fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Damage => AnsiColor::Yellow.on_default(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Wrong => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// `lines`, which may be several, for a terminal, as wide as ours is.
pub fn paint(lines: &str) -> String {
    let columns = room(io::stdout());
    let painted = lines.lines().map(|line| {
        let shown = columns.map_or_else(|| line.to_string(), |columns| fit(line, columns));
        match Tone::of(line) {
            Tone::Plain => shown,
            tone => format!("{style}{shown}{style:#}", style = tone.style()),
        }
    });
    painted.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_the_colours_of_the_matrix() {
        assert_eq!(Tone::of("verdict: clean (as expected: clean)"), Tone::Good);
        assert_eq!(Tone::of("verdict: raced (as expected: raced)"), Tone::Damage);
        assert_eq!(Tone::of("verdict: clean (NOT as expected: raced)"), Tone::Wrong);
        assert_eq!(Tone::of("= leaked             0         0         1"), Tone::Damage);
        assert_eq!(Tone::of("= leaked             0         0         0"), Tone::Plain);
        assert_eq!(Tone::of("    [<ffffffff80262f36>] File::write+0x2d6"), Tone::Faint);
    }

    #[test]
    fn nothing_but_colours_is_added() {
        let lines = "    (inlined)  allocate\n\nverdict: raced (as expected: raced)";
        assert_ne!(paint(lines), lines);
        assert_eq!(anstream::adapter::strip_str(&paint(lines)).to_string(), lines);
    }
}
