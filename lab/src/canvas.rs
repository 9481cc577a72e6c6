//! A picture as it is drawn: text whose width is known, and shapes. SVG, by the crate `svg`.

use svg::node::Text;
use svg::node::element::{Element, Path, Rectangle, Style, Title};
use svg::{Document, Node};

/// Pixels of a character, for each of a font's size. A browser's own font may differ, and is stretched to it.
const CELL: f64 = 0.6;
/// The fonts that are looked for.
const FONTS: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// Pixels of so many characters of a font of `size`.
pub(crate) fn pixels(characters: usize, size: f64) -> f64 {
    characters as f64 * CELL * size
}

/// How many characters of a font of `size` have room in so many pixels.
pub(crate) fn room(width: f64, size: f64) -> usize {
    (width / (CELL * size) + 1e-6).max(0.0) as usize
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A picture under way. What is drawn later is above what was drawn before.
pub(crate) struct Canvas(Document);

impl Canvas {
    /// An empty picture that is called `title`, whose classes `style` describes.
    pub(crate) fn new(width: f64, height: f64, title: &str, style: &str) -> Self {
        let document = Document::new()
            .set("width", tenths(width))
            .set("height", tenths(height))
            .set("viewBox", (0, 0, tenths(width), tenths(height)))
            .set("role", "img");
        Canvas(
            document
                .add(Title::new(title))
                .add(Style::new(format!("\n    text {{ font-family: {FONTS} }}\n{style}  "))),
        )
    }

    /// A line of text in a font of `size`, whose foot is at `y`.
    pub(crate) fn text(&mut self, x: f64, y: f64, size: f64, class: &str, text: &str) {
        let length = tenths(pixels(text.chars().count(), size));
        if text.is_empty() {
            return;
        }
        // Not the crate's own `Text`, which writes an end of line into it.
        let mut element = Element::new("text");
        let lengths = [("x", tenths(x)), ("y", tenths(y)), ("font-size", size), ("textLength", length)];
        lengths.into_iter().for_each(|(name, length)| element.assign(name, length));
        let words = [("lengthAdjust", "spacingAndGlyphs"), ("xml:space", "preserve"), ("class", class)];
        words
            .into_iter()
            .filter(|(_, word)| !word.is_empty())
            .for_each(|(name, word)| element.assign(name, word));
        element.append(Text::new(text));
        self.add(element);
    }

    /// A rectangle with round corners. Its full `text` is shown to who points at it, if it is not empty.
    pub(crate) fn rectangle(&mut self, area: Area, round: f64, class: &str, text: &str) {
        let rectangle = Rectangle::new()
            .set("x", tenths(area.x))
            .set("y", tenths(area.y))
            .set("width", tenths(area.width))
            .set("height", tenths(area.height))
            .set("rx", round)
            .set("class", class);
        self.add(if text.is_empty() { rectangle } else { rectangle.add(Title::new(text)) });
    }

    /// A line along `points`, or a curve, in SVG's own words.
    pub(crate) fn path(&mut self, points: &str, class: &str) {
        self.add(Path::new().set("d", points).set("class", class));
    }

    /// Anything else.
    pub(crate) fn add(&mut self, node: impl Node) {
        Node::append(&mut self.0, node);
    }

    /// As it is in a file.
    pub(crate) fn finish(self) -> String {
        format!("{}\n", self.0)
    }
}

/// A length is exact to a tenth of a pixel.
pub(crate) fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}
