//! What is below the scene: how things look, and what that means.

use kcore::explore::sheet::{Beside, Between, Kind, Mark, Row, shortened};

use super::drawing::{arrow, beside, class};
use super::plan::{MARGIN, Plan, SMALL};
use crate::canvas::{Area, Canvas, pixels, room, tenths};

/// Something that is to be explained, and how it looks.
pub(super) struct Item {
    x: f64,
    y: f64,
    looks: Looks,
    text: String,
}

enum Looks {
    Bar(String),
    Arrow(&'static str, bool),
    Box(&'static str),
}

impl Item {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let Item { x, y, looks, text } = self;
        match looks {
            Looks::Bar(class) => {
                canvas.rectangle(Area { x: x + 8.0, y: y - 11.0, width: 5.0, height: 14.0 }, 2.5, class, "")
            }
            Looks::Box(class) => {
                canvas.rectangle(Area { x: *x, y: y - 10.0, width: 20.0, height: 12.0 }, 3.0, class, "")
            }
            Looks::Arrow(class, is_weak) => {
                let points = format!("M{} {} H{}", tenths(*x), tenths(y - 4.0), tenths(x + 20.0));
                arrow(canvas, &points, class, *is_weak);
            }
        }
        canvas.text(x + SWATCH, *y, SMALL, "faint", text);
    }
}

/// Which rows look so.
type Is = fn(&Row) -> bool;

/// As wide as what is explained, and the room behind the words.
const SWATCH: f64 = 27.0;
const APART: f64 = 18.0;

/// A step that has no part in what went wrong.
fn is_plain(row: &Row) -> bool {
    row.mark.is_none() && matches!(row.kind, Kind::Step(_))
}

/// What is to be explained of the scene, from `y` on, which is moved to the foot of it.
pub(super) fn legend(plan: &Plan<'_>, y: &mut f64) -> Vec<Item> {
    let scene = plan.scene;
    let mut all = Vec::new();
    let mut add = |is_there: bool, looks, text: &str| all.extend(is_there.then(|| (looks, text.to_string())));
    let rows = |is_it: Is| scene.rows.iter().any(is_it);
    let is_grey = |row: &Row| row.switch.as_ref().is_some_and(String::is_empty);
    add(rows(is_grey), Looks::Arrow("switch", false), "another task goes on");
    let kinds =
        [(&Between::Saw, "sees what was stored there"), (&Between::Waits, "waits for what was taken there")];
    let spoils = scene.arrows.iter().find_map(|arrow| match &arrow.kind {
        Between::Spoils(how) => Some((&arrow.kind, how.as_str())),
        _ => None,
    });
    for (kind, text) in kinds.into_iter().chain(spoils) {
        let mut all = scene.arrows.iter().filter(|arrow| arrow.kind == *kind).peekable();
        let is_there = all.peek().is_some();
        add(is_there, Looks::Arrow(class(kind), all.all(|arrow| scene.is_weak(arrow))), text);
    }
    let boxes: [(Is, _, _); 8] = [
        (|row| is_plain(row) && !row.is_dull, "box", "order matters"),
        (|row| is_plain(row) && row.is_dull, "box quiet", "order does not matter"),
        (|row| row.mark == Some(Mark::Early), "box early", "what a task relies on"),
        (|row| row.mark == Some(Mark::Lost), "box lost", "what is missed or lost"),
        (
            |row| row.mark == Some(Mark::Culprit) && row.kind != Kind::Wish,
            "box culprit",
            "where it goes wrong",
        ),
        (|row| row.kind == Kind::Aside, "box aside", "seen by its own task only"),
        (|row| row.kind == Kind::Turns, "box quiet aside", "more turns of a loop"),
        (|row| row.kind == Kind::Wish, "box culprit aside", "waits for ever"),
    ];
    boxes.into_iter().for_each(|(is_it, class, text)| add(rows(is_it), Looks::Box(class), text));
    let mut known = Vec::new();
    for bar in &scene.bars {
        let class = beside(bar.kind, bar.number);
        let text = match bar.kind {
            Beside::Has => format!("has {}", bar.name),
            Beside::Waits => format!("waits for {}", bar.name),
            Beside::Buffers => "a store waits in its buffer".to_string(),
        };
        if !known.contains(&class) {
            known.push(class.clone());
            add(true, Looks::Bar(class), &text);
        }
    }
    let mut x = MARGIN;
    if !all.is_empty() {
        *y += 16.0;
    }
    let items = all.into_iter().map(|(looks, text)| {
        let text = shortened(&text, room(plan.width - 2.0 * MARGIN - SWATCH, SMALL));
        let width = SWATCH + pixels(text.chars().count(), SMALL);
        if x > MARGIN && x + width > plan.width - MARGIN {
            (x, *y) = (MARGIN, *y + 18.0);
        }
        let item = Item { x, y: *y, looks, text };
        x += width + APART;
        item
    });
    items.collect()
}
