//! Where the things of a scene are, in pixels: as wide as what is to be read in them, and nothing above
//! another.

use kcore::experiment::page::wrap;
use kcore::explore::sheet::{Bar, Kind, Row, Scene, shortened};

use crate::canvas::{Area, pixels, room};

/// The sizes of the fonts of a box, and of a note.
pub(super) const FONT: f64 = 12.0;
pub(super) const SMALL: f64 = 11.0;
/// Around the picture.
pub(super) const MARGIN: f64 = 20.0;
/// Around the text in a box.
pub(super) const PAD: f64 = 8.0;
/// Between two lanes.
const GUTTER: f64 = 46.0;
/// For the numbers of steps.
const NUMBERS: f64 = 36.0;
/// Between two words.
const BETWEEN: f64 = 6.0;
/// A bar with the room beside it, and alone.
const BESIDE: f64 = 9.0;
const BAR: f64 = 5.0;
/// As wide as a picture is at least; and at most, if a box can have two lines instead.
const LEAST: f64 = 680.0;
const MOST: f64 = 900.0;
/// As few characters as a box has room for, and as many if it has two lines; and those of a word.
const BOX: (usize, usize) = (16, 36);
const WORD: usize = 14;
/// The heads of the lanes.
const HEADS: f64 = 56.0;
/// Between two rows, and where another task goes on.
const GAP: f64 = 4.0;
pub(super) const SWITCH: f64 = 16.0;
/// As high as a line of a note.
pub(super) const NOTE: f64 = 14.0;

/// Where everything is.
pub(super) struct Plan<'a> {
    pub(super) scene: &'a Scene,
    pub(super) width: f64,
    /// Where the lanes begin and end.
    pub(super) top: f64,
    pub(super) end: f64,
    /// The boxes of a lane are so wide.
    content: f64,
    /// Of each lane: where its boxes begin, and how wide its bars are beside them.
    boxes: Vec<f64>,
    beside: Vec<f64>,
    /// Of each bar: where it begins, from its lane's boxes.
    bars: Vec<f64>,
    /// Of each word: where it begins, and how wide it is.
    words: Vec<(f64, f64)>,
    /// Where the numbers of steps end.
    numbers: f64,
    /// Of each row: where it is, and how high.
    rows: Vec<(f64, f64)>,
    /// What is said in each row, and of the switch before it, in lines.
    pub(super) notes: Vec<Vec<String>>,
    pub(super) switches: Vec<Vec<String>>,
}

impl<'a> Plan<'a> {
    /// With its top at 0.
    pub(super) fn of(scene: &'a Scene) -> Self {
        let (words, numbers) = words(scene);
        let slots = slots(scene);
        let beside: Vec<f64> = (0..scene.tasks.len())
            .map(|task| {
                let own = scene.bars.iter().zip(&slots).filter(|(bar, _)| bar.task == task);
                own.map(|(_, slot)| slot + 1).max().map_or(0.0, |count| count as f64 * BESIDE + 3.0)
            })
            .collect();
        let lanes = scene.tasks.len().max(1) as f64;
        let taken = numbers + beside.iter().sum::<f64>() + (lanes - 1.0) * GUTTER + MARGIN + 2.0 * PAD;
        let (one, two) = contents(scene);
        let content = if taken + lanes * one > MOST { two } else { one };
        let content = content.max((LEAST - taken) / lanes);
        let mut x = numbers + PAD;
        let boxes = (0..scene.tasks.len()).map(|task| {
            let begin = if is_last(scene, task) { x } else { x + beside[task] };
            x += beside[task] + content + GUTTER;
            begin
        });
        let boxes = boxes.collect::<Vec<_>>();
        let bar = |(bar, slot): (&Bar, &usize)| match is_last(scene, bar.task) {
            true => content + BESIDE - BAR + *slot as f64 * BESIDE,
            false => -(*slot as f64 + 1.0) * BESIDE,
        };
        let bars = scene.bars.iter().zip(&slots).map(bar).collect();
        let width = taken + lanes * content;
        let small = room(content - 2.0 * PAD, SMALL);
        let notes = scene.rows.iter().map(|row| broken(&row.note, small)).collect();
        let switch = |row: &Row| {
            let told = row.switch.as_ref().filter(|told| !told.is_empty());
            told.map_or_else(Vec::new, |told| broken(&format!("the switch that did it: {told}"), small))
        };
        let switches = scene.rows.iter().map(switch).collect();
        let (rows, top, end) = (Vec::new(), 0.0, 0.0);
        let mut plan = Plan {
            scene,
            width,
            top,
            end,
            content,
            boxes,
            beside,
            bars,
            words,
            numbers,
            rows,
            notes,
            switches,
        };
        plan.place_rows();
        plan
    }

    fn place_rows(&mut self) {
        let mut y = HEADS - GAP;
        for (at, (row, note)) in self.scene.rows.iter().zip(&self.notes).enumerate() {
            y += match (&row.switch, self.switches[at].len()) {
                (None, _) => GAP,
                (Some(_), 0) => SWITCH,
                (Some(_), lines) => 2.0 * SWITCH + NOTE * lines as f64 + PAD,
            };
            let height = match (row.kind, self.has_two_lines(at)) {
                (Kind::Step(_), false) if row.is_dull && row.mark.is_none() => 19.0,
                (_, false) => 25.0,
                (_, true) => 37.0,
            };
            let height = height + NOTE * note.len() as f64;
            self.rows.push((y, height));
            y += height;
        }
        self.end = if self.rows.is_empty() { 0.0 } else { y + PAD };
    }

    /// Whether the box of a row has two lines: what, and where.
    pub(super) fn has_two_lines(&self, row: usize) -> bool {
        one_line(&self.scene.rows[row]) > room(self.content - 2.0 * PAD, FONT)
    }

    /// Moves all down by so much.
    pub(super) fn move_down(&mut self, by: f64) {
        self.top += by;
        self.end += by;
        self.rows.iter_mut().for_each(|(y, _)| *y += by);
    }

    /// A lane, with the bars beside its boxes.
    pub(super) fn lane(&self, task: usize) -> Area {
        let left = if is_last(self.scene, task) { 0.0 } else { self.beside[task] };
        let (x, width) = (self.boxes[task] - left - PAD / 2.0, self.content + self.beside[task] + PAD);
        Area { x, y: self.top, width, height: self.end - self.top }
    }

    /// The box of a row.
    pub(super) fn row(&self, row: usize) -> Area {
        let (y, height) = self.rows[row];
        Area { x: self.boxes[self.scene.rows[row].task], y, width: self.content, height }
    }

    /// A bar, from the middle of a box to that of another, or to the foot of the lane.
    pub(super) fn bar(&self, at: usize) -> Area {
        let bar = &self.scene.bars[at];
        let y = middle(self.row(bar.from)) - 6.0;
        let end = if bar.to < self.rows.len() { middle(self.row(bar.to)) + 6.0 } else { self.end - 2.0 };
        Area { x: self.boxes[bar.task] + self.bars[at], y, width: BAR, height: end - y }
    }

    /// Where the values of a word are: how high says the row, or its head.
    pub(super) fn word(&self, word: usize, row: Option<usize>) -> Area {
        let (x, width) = self.words[word];
        let y = row.map_or(self.top + 29.0, |row| middle(self.row(row)) - 10.0);
        Area { x, y, width, height: 20.0 }
    }

    /// Where the number of a step ends, and its foot.
    pub(super) fn number(&self, row: usize) -> (f64, f64) {
        (self.numbers, middle(self.row(row)) + 4.0)
    }

    /// What is told of the switch before a row: above its box.
    pub(super) fn switch(&self, row: usize) -> Area {
        let (area, lines) = (self.row(row), self.switches[row].len() as f64);
        let height = NOTE * lines + PAD;
        Area { y: area.y - SWITCH - height, height, ..area }
    }
}

/// The bars of the last lane are right of its boxes.
fn is_last(scene: &Scene, task: usize) -> bool {
    task > 0 && task + 1 == scene.tasks.len()
}

pub(super) fn middle(area: Area) -> f64 {
    area.y + area.height / 2.0
}

/// What is written at a word, as long as there is room for.
pub(super) fn of_word(text: &str) -> String {
    shortened(text, WORD)
}

/// `text` in lines of so many characters at most. What has no room in a line is broken where it must be.
pub(super) fn broken(text: &str, characters: usize) -> Vec<String> {
    let wrapped = wrap(text, characters, "", "");
    let pieces = wrapped.lines().flat_map(|line| {
        let line: Vec<char> = line.chars().collect();
        line.chunks(characters.max(1)).map(|piece| piece.iter().collect()).collect::<Vec<String>>()
    });
    pieces.collect()
}

/// Where the words are, and where the numbers behind them end.
fn words(scene: &Scene) -> (Vec<(f64, f64)>, f64) {
    let length = |text: &str| pixels(of_word(text).chars().count(), FONT);
    let mut x = MARGIN;
    let words = scene.words.iter().map(|word| {
        let values = word.values.iter().map(|(_, value, _)| value).chain([&word.name, &word.initially]);
        let width = values.map(|text| length(text)).fold(0.0, f64::max) + 2.0 * PAD;
        let begin = x;
        x += width + BETWEEN;
        (begin, width)
    });
    let words = words.collect();
    (words, x + NUMBERS - PAD)
}

/// How wide a box is that has all in a line, and one that has two.
fn contents(scene: &Scene) -> (f64, f64) {
    let length = |text: &str| text.chars().count();
    let one = scene.rows.iter().map(one_line).max().unwrap_or(0);
    let two = scene.rows.iter().map(|row| length(&row.what).max(length(&row.place))).max().unwrap_or(0);
    let width = |characters: usize| pixels(characters, FONT) + 2.0 * PAD;
    (width(one.max(BOX.0)), width(two.clamp(BOX.0, BOX.1)))
}

/// Characters of a row in one line.
fn one_line(row: &Row) -> usize {
    row.what.chars().count() + 2 + row.place.chars().count()
}

/// Beside its lane, which place each bar has: the first that no other has meanwhile.
fn slots(scene: &Scene) -> Vec<usize> {
    let mut slots = Vec::<usize>::new();
    for (at, bar) in scene.bars.iter().enumerate() {
        let meets = |other: &Bar| other.task == bar.task && other.from <= bar.to && bar.from <= other.to;
        let taken = |slot| (0..at).any(|other| slots[other] == slot && meets(&scene.bars[other]));
        let free = (0..).find(|slot| !taken(*slot));
        slots.push(free.unwrap_or_default());
    }
    slots
}
