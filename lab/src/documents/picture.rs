//! `docs/run.svg`: what was typed at a terminal and what came back, as a picture of that terminal.

use svg::node::element::Circle;

use crate::canvas::{Area, Canvas, pixels};
use crate::paint::Tone;

/// What was typed, after `$ `, and what came back; `...` stands for lines that are left out, and so do
/// beginning and end. A test holds it against a machine.
pub const TRANSCRIPT: &str = include_str!("../../../docs/run.txt");

/// Pixels of the font, of a line, and of one that stands for those that are left out.
const FONT: f64 = 14.0;
const LINE: f64 = 20.0;
const GAP: f64 = 16.0;
/// Stands in a transcript for lines that are left out.
const ELIDED: &str = "...";
/// Pixels around the text, and above it for the bar of the window.
const MARGIN: f64 = 20.0;
const BAR: f64 = 36.0;
const STYLE: &str = "\
    text { fill: #c9d1d9 }
    .window { fill: #0d1117; stroke: #30363d }
    .typed { fill: #ffffff; font-weight: bold }
    .sign { fill: #58a6ff }
    .faint { fill: #7d8590 }
    .damage { fill: #e3b341 }
    .good { fill: #3fb950 }
    .wrong { fill: #f85149 }
";

/// The picture of `transcript`.
pub fn render(transcript: &str) -> String {
    let columns = transcript.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let width = 2.0 * MARGIN + pixels(columns, FONT).ceil();
    let lines: f64 = transcript.lines().map(room).sum();
    let mut canvas = window(width, BAR + lines + MARGIN);
    let mut text =
        |column, y, class, text: &str| canvas.text(MARGIN + pixels(column, FONT), y, FONT, class, text);
    let mut y = BAR;
    for line in transcript.lines() {
        y += room(line);
        match line.strip_prefix("$ ") {
            Some(typed) => {
                text(0, y, "sign", "$");
                text(2, y, "typed", typed);
            }
            None if line == ELIDED => text(0, y + GAP / 5.0, "faint", "\u{b7}\u{b7}\u{b7}"),
            None => {
                let indent = line.len() - line.trim_start().len();
                text(indent, y, class(line), line.trim_start());
            }
        }
    }
    canvas.finish()
}

/// Pixels down to `line` from the one above it.
fn room(line: &str) -> f64 {
    if line == ELIDED { GAP } else { LINE }
}

/// The frame, with a bar as a terminal has it.
fn window(width: f64, height: f64) -> Canvas {
    let mut canvas = Canvas::new(width, height, "Scullery at a terminal", STYLE);
    let frame = Area { x: 0.5, y: 0.5, width: width - 1.0, height: height - 1.0 };
    canvas.rectangle(frame, 9.0, "window", "");
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let circle = Circle::new().set("cy", 18).set("r", 6).set("fill", *colour);
        canvas.add(circle.set("cx", MARGIN + 20.0 * place as f64));
    }
    canvas
}

fn class(line: &str) -> &'static str {
    match Tone::of(line) {
        Tone::Plain => "",
        Tone::Faint => "faint",
        Tone::Damage => "damage",
        Tone::Good => "good",
        Tone::Wrong => "wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_and_what_came_back_is_in_the_picture() {
        let svg = render("$ cargo run -- run x\n  [<ffff>] a & b\nverdict: clean (as expected: clean)\n");
        assert!(svg.contains("class=\"typed\"") && svg.contains(">cargo run -- run x</text>"), "{svg}");
        assert!(svg.contains(">[&lt;ffff&gt;] a &amp; b</text>"), "{svg}");
        assert!(svg.contains("class=\"good\""), "{svg}");
    }
}
