//! `docs/run.svg`: what was typed at a terminal and what came back, as a picture of that terminal.

use std::fmt::Write;

use crate::paint::Tone;

/// What was typed, after `$ `, and what came back; `...` stands for lines that are left out, and so do
/// beginning and end. A test holds it against a machine.
pub const TRANSCRIPT: &str = include_str!("../../../docs/run.txt");

/// Pixels of a character; a browser's own font may differ, and is stretched to it.
const CELL: f64 = 8.4;
/// Pixels of a line, and of one that stands for those that are left out.
const LINE: usize = 20;
const GAP: usize = 16;
/// Stands in a transcript for lines that are left out.
const ELIDED: &str = "...";
/// Pixels around the text, and above it for the bar of the window.
const MARGIN: usize = 20;
const BAR: usize = 36;
const STYLE: &str = "\
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #c9d1d9 }
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
    let width = 2 * MARGIN + pixels(columns).ceil() as usize;
    let lines: usize = transcript.lines().map(room).sum();
    let mut svg = window(width, BAR + lines + MARGIN);
    let mut y = BAR;
    for line in transcript.lines() {
        y += room(line);
        match line.strip_prefix("$ ") {
            Some(typed) => {
                text(&mut svg, 0, y, "sign", "$");
                text(&mut svg, 2, y, "typed", typed);
            }
            None if line == ELIDED => text(&mut svg, 0, y + GAP / 5, "faint", "\u{b7}\u{b7}\u{b7}"),
            None => {
                let indent = line.len() - line.trim_start().len();
                text(&mut svg, indent, y, class(line), line.trim_start());
            }
        }
    }
    svg + "</svg>\n"
}

/// Pixels down to `line` from the one above it.
fn room(line: &str) -> usize {
    if line == ELIDED { GAP } else { LINE }
}

/// The frame, with a bar as a terminal has it.
fn window(width: usize, height: usize) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n  <title>Scullery at a terminal</title>\n  \
         <style>\n{STYLE}  </style>\n"
    );
    let (w, h) = (width - 1, height - 1);
    let _ = writeln!(
        svg,
        "  <rect x=\"0.5\" y=\"0.5\" width=\"{w}\" height=\"{h}\" rx=\"9\" fill=\"#0d1117\" stroke=\"#30363d\"/>"
    );
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let _ =
            writeln!(svg, "  <circle cx=\"{}\" cy=\"18\" r=\"6\" fill=\"{colour}\"/>", MARGIN + 20 * place);
    }
    svg
}

/// A piece of a line, from `column` on.
fn text(svg: &mut String, column: usize, y: usize, class: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let (x, length) = (MARGIN as f64 + pixels(column), pixels(text.chars().count()));
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = writeln!(
        svg,
        "  <text{class} x=\"{x:.1}\" y=\"{y}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\">{}</text>",
        escape(text)
    );
}

fn pixels(columns: usize) -> f64 {
    columns as f64 * CELL
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
