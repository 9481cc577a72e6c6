//! A scene on a canvas: what each thing looks like. Where it is says the plan.

use kcore::explore::sheet::{Beside, Between, Kind, Mark, Row, Scene, shortened};
use svg::node::element::{Definitions, Marker, Path};

use super::legend::legend;
use super::plan::{FONT, MARGIN, NOTE, PAD, Plan, SMALL, SWITCH, broken, middle, of_word};
use crate::canvas::{Area, Canvas, pixels, room, tenths};

/// The sizes of the fonts of a sentence, and of the title.
const TEXT: f64 = 13.0;
const TITLE: f64 = 15.0;
/// Between two lines of a text, and between two paragraphs.
const LINE: f64 = 1.5;
const PARAGRAPH: f64 = 10.0;
/// Colours of locks.
const LOCKS: usize = 4;
/// In light and in the dark.
const STYLE: &str = include_str!("picture.css");

/// What stands above and below the scene.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) command: String,
    pub(super) verdict: String,
    pub(super) is_clean: bool,
    /// What went wrong, in paragraphs.
    pub(super) paragraphs: Vec<String>,
    /// How it is made again; empty if there is nothing to be made.
    pub(super) again: String,
}

/// The picture, as it is in a file.
pub(super) fn draw(frame: &Frame, scene: &Scene) -> String {
    let scene = &scene.folded();
    let mut plan = Plan::of(scene);
    let mut texts = Vec::new();
    let below = above(frame, plan.width, &mut texts);
    plan.move_down(below);
    let mut y = plan.end + 8.0;
    let legend = legend(&plan, &mut y);
    y += PARAGRAPH;
    paragraph(&mut texts, &mut y, plan.width, SMALL, "faint", &scene.signs().join("; "));
    paragraph(&mut texts, &mut y, plan.width, FONT, "faint", &frame.again);
    let height = y + MARGIN;
    let mut canvas = Canvas::new(plan.width, height, &frame.title, STYLE);
    canvas.add(heads());
    let page = Area { x: 0.5, y: 0.5, width: plan.width - 1.0, height: height - 1.0 };
    canvas.rectangle(page, 9.0, "page", "");
    pill(&mut canvas, frame, &texts);
    for Written { x, y, size, class, text } in &texts {
        canvas.text(*x, *y, *size, class, text);
    }
    lanes(&mut canvas, &plan);
    words(&mut canvas, &plan);
    arrows(&mut canvas, &plan);
    bars(&mut canvas, &plan);
    switches(&mut canvas, &plan);
    scene.rows.iter().enumerate().for_each(|(at, row)| rows(&mut canvas, &plan, at, row));
    legend.iter().for_each(|item| item.draw(&mut canvas));
    canvas.finish()
}

/// The heads of arrows.
fn heads() -> Definitions {
    let head = |class: &str| {
        let tip = Path::new().set("d", "M0 0 L8 4 L0 8 Z").set("class", format!("{class}-head"));
        let marker =
            Marker::new().set("id", class).set("viewBox", (0, 0, 8, 8)).set("refX", 7).set("refY", 4);
        let marker = marker.set("markerWidth", 7).set("markerHeight", 7).set("markerUnits", "userSpaceOnUse");
        marker.set("orient", "auto").add(tip)
    };
    ["switch", "did", "saw", "waits", "spoils"]
        .into_iter()
        .fold(Definitions::new(), |all, class| all.add(head(class)))
}

/// A line of text and where it is to be.
struct Written {
    x: f64,
    y: f64,
    size: f64,
    class: &'static str,
    text: String,
}

/// What stands above the scene; returns where the scene begins.
fn above(frame: &Frame, width: f64, texts: &mut Vec<Written>) -> f64 {
    let mut y = MARGIN;
    paragraph(texts, &mut y, width, TITLE, "title", &frame.title);
    paragraph(texts, &mut y, width, FONT, "faint", &frame.command);
    y += PARAGRAPH;
    let verdict = shortened(&frame.verdict, room(width - 2.0 * (MARGIN + PAD), TEXT));
    texts.push(Written { x: MARGIN + PAD, y: y + 15.0, size: TEXT, class: "on", text: verdict });
    y += 22.0;
    for text in &frame.paragraphs {
        y += PARAGRAPH / 2.0;
        paragraph(texts, &mut y, width, TEXT, "", text);
    }
    y + PARAGRAPH
}

/// The verdict is white on a colour.
fn pill(canvas: &mut Canvas, frame: &Frame, texts: &[Written]) {
    let Some(verdict) = texts.iter().find(|text| text.class == "on") else { return };
    let width = pixels(verdict.text.chars().count(), TEXT) + 2.0 * PAD;
    let area = Area { x: MARGIN, y: verdict.y - 15.0, width, height: 21.0 };
    canvas.rectangle(area, 10.5, if frame.is_clean { "clean" } else { "culprit" }, "");
}

/// Writes `text` in as many lines as it needs, and moves `y` to their foot.
fn paragraph(texts: &mut Vec<Written>, y: &mut f64, width: f64, size: f64, class: &'static str, text: &str) {
    for text in broken(text, room(width - 2.0 * MARGIN, size)) {
        *y += size * LINE;
        texts.push(Written { x: MARGIN, y: *y - size * (LINE - 1.0), size, class, text });
    }
}

/// The lanes, and whose they are.
fn lanes(canvas: &mut Canvas, plan: &Plan<'_>) {
    if plan.scene.rows.iter().any(|row| row.kind == Kind::Step(1)) {
        let (end, _) = plan.number(0);
        canvas.text(end - pixels(STEP.len(), SMALL), plan.top + 22.0, SMALL, "faint", STEP);
    }
    for (task, head) in plan.scene.tasks.iter().enumerate() {
        let lane = plan.lane(task);
        canvas.rectangle(lane, 6.0, "lane", "");
        let head = shortened(head, room(lane.width - PAD, TEXT));
        let x = lane.x + (lane.width - pixels(head.chars().count(), TEXT)) / 2.0;
        canvas.text(x, lane.y + 22.0, TEXT, "head", &head);
    }
}

/// Above the numbers of steps.
const STEP: &str = "step";

/// The words that matter, with what is in them.
fn words(canvas: &mut Canvas, plan: &Plan<'_>) {
    for (at, word) in plan.scene.words.iter().enumerate() {
        let head = plan.word(at, None);
        centred(canvas, Area { y: plan.top + 8.0, ..head }, "word", &of_word(&word.name));
        let x = tenths(head.x + head.width / 2.0);
        canvas.path(&format!("M{x} {} V{}", tenths(head.y), tenths(plan.end)), "rail");
        let mut value = |row, value: &str, mark: Option<Mark>| {
            let area = plan.word(at, row);
            canvas.rectangle(area, 4.0, &classes("box", mark), "");
            centred(canvas, area, on(mark), &of_word(value));
        };
        value(None, &word.initially, None);
        word.values.iter().for_each(|(row, text, mark)| value(Some(*row), text, *mark));
    }
}

/// A text in the middle of `area`.
fn centred(canvas: &mut Canvas, area: Area, class: &str, text: &str) {
    let x = area.x + (area.width - pixels(text.chars().count(), FONT)) / 2.0;
    canvas.text(x, middle(area) + 4.0, FONT, class, text);
}

fn name(mark: Mark) -> &'static str {
    match mark {
        Mark::Early => "early",
        Mark::Lost => "lost",
        Mark::Culprit => "culprit",
    }
}

fn classes(class: &str, mark: Option<Mark>) -> String {
    mark.map_or_else(|| class.to_string(), |mark| format!("{class} {}", name(mark)))
}

/// The class of a text in a box with this mark.
fn on(mark: Option<Mark>) -> &'static str {
    if mark == Some(Mark::Culprit) { "on" } else { "" }
}

/// Where another task goes on, from the box before to its own, above which stands what is told of it.
fn switches(canvas: &mut Canvas, plan: &Plan<'_>) {
    for (at, row) in plan.scene.rows.iter().enumerate().skip(1) {
        let Some(told) = &row.switch else { continue };
        let (from, to) = (plan.row(at - 1), plan.row(at));
        let (x, end, y) = (from.x + from.width / 2.0, to.x + to.width / 2.0, from.y + from.height);
        let class = if told.is_empty() { "switch" } else { "did" };
        let points = format!(
            "M{} {} V{} H{} V{}",
            tenths(x),
            tenths(y),
            tenths(y + SWITCH / 2.0),
            tenths(end),
            tenths(to.y - 1.0)
        );
        arrow(canvas, &points, class, false);
        if !told.is_empty() {
            let chip = plan.switch(at);
            canvas.rectangle(chip, 4.0, "chip", "");
            lines(canvas, &plan.switches[at], chip.x + PAD, chip.y + PAD / 2.0, "told");
        }
    }
}

/// Lines of a small font, from `y` on.
fn lines(canvas: &mut Canvas, lines: &[String], x: f64, y: f64, class: &str) {
    let mut foot = y - 3.5;
    for line in lines {
        foot += NOTE;
        canvas.text(x, foot, SMALL, class, line);
    }
}

/// A line with a head.
pub(super) fn arrow(canvas: &mut Canvas, points: &str, class: &str, is_weak: bool) {
    let path = Path::new().set("d", points).set("marker-end", format!("url(#{class})"));
    canvas.add(path.set("class", if is_weak { format!("{class} weak") } else { class.to_string() }));
}

/// From stores to loads, and from who waits to who has.
fn arrows(canvas: &mut Canvas, plan: &Plan<'_>) {
    for arrow in &plan.scene.arrows {
        let (from, to) = (plan.row(arrow.from), plan.row(arrow.to));
        let is_right = to.x > from.x;
        let (x, end) =
            if is_right { (from.x + from.width, to.x - 1.0) } else { (from.x, to.x + to.width + 1.0) };
        let bend = if is_right { BEND } else { -BEND };
        // A task may see what it stores over.
        let aside = if matches!(arrow.kind, Between::Spoils(_)) { 5.0 } else { 0.0 };
        let (y, below) = (tenths(middle(from) + aside), tenths(middle(to) + aside));
        let [x, near, far, end] = [x, x + bend, end - bend, end].map(tenths);
        let points = format!("M{x} {y} C{near} {y} {far} {below} {end} {below}");
        self::arrow(canvas, &points, class(&arrow.kind), plan.scene.is_weak(arrow));
    }
}

pub(super) fn class(kind: &Between) -> &'static str {
    match kind {
        Between::Saw => "saw",
        Between::Waits => "waits",
        Between::Spoils(_) => "spoils",
    }
}

/// How far an arrow goes straight on.
const BEND: f64 = 34.0;

fn bars(canvas: &mut Canvas, plan: &Plan<'_>) {
    for (at, bar) in plan.scene.bars.iter().enumerate() {
        canvas.rectangle(plan.bar(at), 2.5, &format!("bar {}", beside(bar.kind, bar.number)), "");
    }
}

pub(super) fn beside(kind: Beside, number: usize) -> String {
    match kind {
        Beside::Has => format!("lock{}", number % LOCKS),
        Beside::Waits => format!("lock{} wait", number % LOCKS),
        Beside::Buffers => "buffer".to_string(),
    }
}

/// A row: its number, and its box with what is said of it.
fn rows(canvas: &mut Canvas, plan: &Plan<'_>, at: usize, row: &Row) {
    let area = plan.row(at);
    let is_dull = row.is_dull && row.mark.is_none();
    let class = classes(if is_dull { "box quiet" } else { "box" }, row.mark);
    let class = if matches!(row.kind, Kind::Step(_)) { class } else { class + " aside" };
    let (width, two_lines) = (room(area.width - 2.0 * PAD, FONT), plan.has_two_lines(at));
    let place = shortened(&row.place, width);
    let left = if two_lines { width } else { width.saturating_sub(place.chars().count() + 2) };
    let what = shortened(&row.what, left);
    let is_whole = what == row.what && place == row.place;
    canvas.rectangle(
        area,
        4.0,
        &class,
        &if is_whole { String::new() } else { format!("{} {}", row.what, row.place) },
    );
    let notes = &plan.notes[at];
    let height = area.height - NOTE * notes.len() as f64;
    let (above, below) = if two_lines { (15.0, 30.0) } else { (height / 2.0 + 4.0, height / 2.0 + 4.0) };
    let (plain, faint) = match (on(row.mark), is_dull) {
        ("", false) => ("", "faint"),
        ("", true) => ("dull", "dull"),
        (on, _) => (on, on),
    };
    canvas.text(area.x + PAD, area.y + above, FONT, plain, &what);
    let behind = if two_lines { PAD } else { area.width - PAD - pixels(place.chars().count(), FONT) };
    canvas.text(area.x + behind, area.y + below, FONT, faint, &place);
    if let Kind::Step(number @ 1..) = row.kind {
        let (x, y) = plan.number(at);
        let number = number.to_string();
        canvas.text(x - pixels(number.len(), SMALL), y, SMALL, "faint", &number);
    }
    let class = if on(row.mark).is_empty() { row.mark.map_or("", name) } else { "on" };
    lines(canvas, notes, area.x + PAD, area.y + height - 3.0, class);
}
