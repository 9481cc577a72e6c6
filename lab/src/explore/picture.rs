//! The picture of an execution, as a file.

use kcore::experiment::{Experiment, Verdict};
use kcore::explore::account::worded;
use kcore::explore::sheet::{Scene, Sheet};
use kcore::explore::{MemoryModel, Recipe};
use kcore::report::{Explore, Record};

use super::choice::Choice;
use super::drawing::{Frame, draw};
use super::{all, no_room, recipe};
use crate::catalogue;
use crate::status::Failure;

/// The picture of an execution, which `command` has found; of none, it says what all have come to.
pub(super) fn of(entry: &Experiment, command: &str, sheet: Option<&Sheet>, verdict: Verdict) -> String {
    let title = format!("{}: {}", entry.name, entry.title);
    let frame = Frame { title, command: format!("$ {command}"), ..Frame::default() };
    let Some(sheet) = sheet else {
        let none = "No execution went wrong, so there is none to be shown.".to_string();
        let frame = Frame {
            verdict: verdict.to_string(),
            is_clean: verdict == Verdict::Clean,
            paragraphs: vec![none],
            ..frame
        };
        return draw(&frame, &Scene::default());
    };
    let frame = Frame {
        verdict: worded(&sheet.end),
        is_clean: sheet.end.verdict == Verdict::Clean,
        paragraphs: sheet.story.clone(),
        again: recipe::again(&sheet.replay),
        ..frame
    };
    draw(&frame, &sheet.scene)
}

/// The picture of what a machine has explored, or made again.
///
/// # Errors
/// It has reported neither.
pub fn reported<'a>(records: impl Iterator<Item = &'a Record>) -> Result<String, Failure> {
    let (mut sheet, mut explored) = (None, None);
    for record in records {
        match record {
            Record::Execution(execution) => sheet = Some(execution),
            Record::Explore(explore) => explored = Some(explore),
            _ => {}
        }
    }
    let recipe = sheet.and_then(|sheet| sheet.replay.parse::<Recipe>().ok());
    match (recipe, explored) {
        (Some(recipe), _) => {
            let verdict = sheet.map_or(Verdict::NotTried, |sheet| sheet.end.verdict);
            Ok(of(catalogue::find(&recipe.experiment)?, &recipe.command(), sheet, verdict))
        }
        (None, Some(Explore { experiment, lock, verdict, .. })) => {
            let command = format!("cargo run -- explore {experiment} --lock {lock} --on kernel");
            Ok(of(catalogue::find(experiment)?, &command, None, *verdict))
        }
        (None, None) => Err(Failure::dead("the machine has reported nothing to draw".to_string())),
    }
}

/// The picture of the shortest counterexample of an experiment in its unguarded form.
///
/// # Errors
/// There is no such experiment, or it cannot be explored.
pub fn shortest(experiment: &str) -> Result<String, Failure> {
    let entry = catalogue::find(experiment)?;
    let choice = Choice::smallest(entry, entry.unguarded(), MemoryModel::Sc)?;
    let account = all(&choice)?;
    let sheet = account.sheet().ok_or_else(no_room)?;
    Ok(choice.picture(Some(&sheet), sheet.end.verdict))
}

#[cfg(test)]
pub(super) mod tests {
    use kcore::event::Outcome;
    use kcore::explore::sheet::{Bar, Beside, Between, Fold, Kind, Mark, Row, Word};
    use kcore::explore::{Line, Of, Replay};
    use svg::parser::Event;

    use super::*;
    use crate::canvas::Area;

    const SHOWN: &[(&str, MemoryModel)] = &[
        ("scull-leak", MemoryModel::Sc),
        ("scull-leak", MemoryModel::Tso),
        ("scull-trim", MemoryModel::Sc),
        ("abba", MemoryModel::Sc),
        ("lost-wakeup", MemoryModel::Sc),
        ("peterson", MemoryModel::Tso),
        ("unplug", MemoryModel::Sc),
        ("aba", MemoryModel::Sc),
        ("broken-lock", MemoryModel::Tso),
        ("self-deadlock", MemoryModel::Sc),
        ("forgotten-unlock", MemoryModel::Sc),
        ("book-single", MemoryModel::Sc),
        ("book-quantum", MemoryModel::Sc),
        ("double-wake", MemoryModel::Sc),
    ];

    /// The shortest counterexample of an experiment.
    struct Found {
        choice: Choice,
        replay: Replay,
        sheet: Sheet,
    }

    impl Found {
        fn of(name: &str, model: MemoryModel) -> Self {
            let entry = catalogue::find(name).unwrap();
            let choice = Choice::smallest(entry, entry.unguarded(), model).unwrap();
            let replay = all(&choice).unwrap().shortest.expect(name);
            Found { sheet: choice.sheet(&replay), choice, replay }
        }

        fn picture(&self) -> String {
            self.choice.picture(Some(&self.sheet), self.sheet.end.verdict)
        }
    }

    /// A text or a rectangle, its class, and what it says.
    #[derive(Debug)]
    struct Piece {
        area: Area,
        class: String,
        text: String,
    }

    impl Piece {
        fn end(&self) -> (f64, f64) {
            (self.area.x + self.area.width, self.area.y + self.area.height)
        }

        fn overlaps(&self, other: &Piece) -> bool {
            let ((right, below), (other_right, other_below)) = (self.end(), other.end());
            let across = self.area.x < other_right - 0.2 && other.area.x < right - 0.2;
            across && self.area.y < other_below - 0.2 && other.area.y < below - 0.2
        }

        fn contains(&self, other: &Piece) -> bool {
            let ((right, below), (other_right, other_below)) = (self.end(), other.end());
            let across = self.area.x <= other.area.x && other_right <= right;
            across && self.area.y <= other.area.y && other_below <= below
        }

        fn is(&self, class: &str) -> bool {
            self.class.split(' ').any(|other| other == class)
        }
    }

    /// The texts of a picture, and its rectangles.
    fn pieces(picture: &str) -> (Vec<Piece>, Vec<Piece>) {
        let (mut texts, mut rectangles) = (Vec::<Piece>::new(), Vec::new());
        let mut is_text = false;
        for event in svg::read(picture).unwrap() {
            match event {
                Event::Tag(tag @ ("text" | "rect"), _, attributes) => {
                    let length =
                        |name: &str| attributes.get(name).map(|length| length.parse::<f64>().unwrap());
                    let class = attributes.get("class").map(ToString::to_string).unwrap_or_default();
                    is_text = tag == "text" && length("x").is_some();
                    let (Some(x), Some(y)) = (length("x"), length("y")) else { continue };
                    let size = length("font-size").unwrap_or_default();
                    let area = Area {
                        x,
                        y: y - 0.8 * size,
                        width: length("textLength").or(length("width")).unwrap(),
                        height: length("height").unwrap_or(size),
                    };
                    let pieces = if is_text { &mut texts } else { &mut rectangles };
                    pieces.push(Piece { area, class, text: String::new() });
                }
                Event::Text(text) if is_text => {
                    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                    texts.last_mut().unwrap().text = plain;
                    is_text = false;
                }
                _ => is_text = false,
            }
        }
        (texts, rectangles)
    }

    /// Nothing is cut off, and nothing is above another thing that is to be read.
    pub(in crate::explore) fn is_readable(picture: &str, what: &str) {
        let (texts, rectangles) = pieces(picture);
        let page = rectangles.iter().find(|piece| piece.is("page")).unwrap();
        let apart: Vec<_> =
            rectangles.iter().filter(|piece| !piece.is("page") && !piece.is("lane")).collect();
        for (at, text) in texts.iter().enumerate() {
            assert!(page.contains(text), "{what}: {text:?} is beyond {page:?}");
            for other in &texts[at + 1..] {
                assert!(!text.overlaps(other), "{what}: {text:?} meets {other:?}");
            }
            let above = apart.iter().position(|piece| piece.is("chip") && piece.contains(text)).unwrap_or(0);
            for around in apart[above..].iter().filter(|around| around.overlaps(text)) {
                assert!(around.contains(text), "{what}: {text:?} is not within {around:?}");
            }
        }
        for (at, one) in apart.iter().enumerate() {
            assert!(page.contains(one), "{what}: {one:?} is beyond {page:?}");
            for other in &apart[at + 1..] {
                assert!(!one.overlaps(other), "{what}: {one:?} meets {other:?}");
            }
        }
    }

    #[test]
    fn what_is_found_is_readable() {
        for (name, model) in SHOWN {
            is_readable(&Found::of(name, *model).picture(), name);
        }
        let entry = catalogue::find("counter").unwrap();
        let choice = Choice::smallest(entry, "mutex".parse().unwrap(), MemoryModel::Sc).unwrap();
        is_readable(&choice.picture(None, Verdict::Clean), "no execution");
    }

    /// What a machine reports of an execution is drawn as if it was made here.
    #[test]
    fn what_is_reported_is_drawn() {
        let found = Found::of("abba", MemoryModel::Sc);
        let report = [Record::Execution(found.sheet.clone())];
        let told = serde_json::to_string(&report[0]).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&told).unwrap(), report[0]);
        assert_eq!(reported(report.iter()).unwrap(), found.picture());
        assert!(reported([].iter()).is_err());
    }

    /// However long names are, and whatever is in them.
    #[test]
    fn what_is_long_is_readable() {
        let long = "<a&b>".repeat(30);
        let words = "some <words> & more ".repeat(20);
        for tasks in [1, 2, 3, 6] {
            let row = |at: usize| Row {
                task: at % tasks,
                kind: [Kind::Step(at + 1), Kind::Aside, Kind::Wish][at % 3],
                what: [long.clone(), "x".to_string()][at % 2].clone(),
                place: [long.clone(), "y".to_string()][at / 2 % 2].clone(),
                is_dull: at.is_multiple_of(5),
                mark: [None, Some(Mark::Early), Some(Mark::Lost), Some(Mark::Culprit)][at % 4],
                note: [long.clone(), words.clone(), String::new()][at % 3].clone(),
                switch: [None, Some(String::new()), Some(long.clone())][(at + at / 3) % 3]
                    .clone()
                    .filter(|_| at > 0),
            };
            let bar = |at: usize| Bar {
                task: at % tasks,
                from: at,
                to: at + 9,
                kind: [Beside::Has, Beside::Waits, Beside::Buffers][at % 3],
                number: at,
                name: long.clone(),
            };
            let word = || Word {
                name: long.clone(),
                initially: long.clone(),
                values: (0..30).step_by(3).map(|row| (row, long.clone(), None)).collect(),
            };
            let scene = Scene {
                tasks: vec![long.clone(); tasks],
                rows: (0..30).map(row).collect(),
                arrows: Vec::new(),
                bars: (0..20).map(bar).collect(),
                words: (0..4).map(|_| word()).collect(),
                has_blocks: true,
                folds: vec![Fold { from: 13, to: 13, turn: 1 }],
            };
            let frame = Frame {
                title: long.clone(),
                command: words.clone(),
                verdict: words.clone(),
                is_clean: false,
                paragraphs: vec![words.clone(), long.clone()],
                again: long.clone(),
            };
            let picture = draw(&frame, &scene);
            assert!(!picture.contains("<a&") && picture.contains("&lt;a&amp;b&gt;"), "{picture}");
            is_readable(&picture, &format!("{tasks} tasks"));
        }
    }

    #[test]
    fn every_step_has_a_box() {
        for (name, model) in SHOWN {
            let found = Found::of(name, *model);
            let (mut texts, rectangles) = pieces(&found.picture());
            let Found { replay, sheet: Sheet { scene, .. }, .. } = found;
            texts.sort_by(|one, other| one.area.x.total_cmp(&other.area.x));
            let inside = |area: &Piece| -> Vec<String> {
                texts.iter().filter(|text| area.contains(text)).map(|text| text.text.clone()).collect()
            };
            let mut boxes: Vec<_> = rectangles.iter().filter(|area| area.is("box")).collect();
            boxes.sort_by(|one, other| one.area.y.total_cmp(&other.area.y));
            let drawn: Vec<_> = boxes.into_iter().map(inside).filter(|texts| texts.len() >= 2).collect();
            assert_eq!(drawn.len(), scene.rows.len(), "{name}");
            for (texts, row) in drawn.iter().zip(&scene.rows) {
                assert!(texts.contains(&row.what) && texts.contains(&row.place), "{name}: {texts:?}");
                assert_eq!(texts.len() > 2, !row.note.is_empty(), "{name}: {texts:?}");
            }
            let is_step = |row: &&Row| matches!(row.kind, Kind::Step(_));
            let steps: Vec<_> = scene.rows.iter().filter(is_step).map(|row| row.task).collect();
            let made: Vec<_> = replay.transcript.lines.iter().map(|line| usize::from(line.who)).collect();
            assert_eq!(steps, made, "{name}");
            let wishes = scene.rows.iter().filter(|row| row.kind == Kind::Wish).count();
            assert_eq!(wishes, replay.transcript.waiting.len(), "{name}");
        }
    }

    /// What a load saw is what was in the word, unless it was in the task's own buffer; and the arrow to it
    /// comes from the step of another task that has put it there.
    #[test]
    fn an_arrow_joins_a_store_with_a_load_that_saw_it() {
        let mut all = 0;
        for (name, model) in SHOWN {
            let Found { replay, sheet: Sheet { scene, .. }, .. } = Found::of(name, *model);
            let steps: Vec<_> =
                (0..scene.rows.len()).filter(|row| matches!(scene.rows[*row].kind, Kind::Step(_))).collect();
            let mut expected = Vec::new();
            for (at, load) in replay.transcript.lines.iter().enumerate() {
                let (Some(Outcome::Saw(saw)), Some([was, _]), Of::Access(..)) =
                    (load.outcome, load.word, load.of)
                else {
                    continue;
                };
                if saw != was {
                    assert_eq!(*model, MemoryModel::Tso, "{name}: step {}", at + 1);
                    continue;
                }
                let before = &replay.transcript.lines[..at];
                let changes = |line: &&Line| {
                    line.step.object == load.step.object
                        && line.word.is_some_and(|[before, after]| before != after)
                };
                let Some(store) = before.iter().rfind(changes).filter(|line| line.who != load.who) else {
                    continue;
                };
                let number = before.iter().position(|line| std::ptr::eq(line, store)).unwrap();
                let again = before[number + 1..]
                    .iter()
                    .any(|line| line.step.overlaps(&load.step) && line.step.act != load.step.act);
                if !again {
                    assert_eq!(store.word.unwrap()[1], saw, "{name}: step {}", at + 1);
                    expected.push((steps[number], steps[at]));
                }
            }
            let arrows: Vec<_> = scene
                .arrows
                .iter()
                .filter(|arrow| arrow.kind == Between::Saw)
                .map(|arrow| (arrow.from, arrow.to))
                .collect();
            for pair in &expected {
                assert!(arrows.contains(pair), "{name}: {pair:?} of {arrows:?}");
            }
            for (from, to) in &arrows {
                assert!(from < to && scene.rows[*from].task != scene.rows[*to].task, "{name}");
            }
            all += expected.len();
        }
        assert!(all >= 5, "{all}");
    }

    #[test]
    fn what_went_wrong_is_marked() {
        let Found { replay, sheet: Sheet { scene, .. }, .. } = Found::of("scull-leak", MemoryModel::Sc);
        let of =
            |mark| scene.rows.iter().filter(move |row| row.mark == Some(mark)).map(|row| row.what.as_str());
        assert_eq!(of(Mark::Early).collect::<Vec<_>>(), ["slot is 0"]);
        assert_eq!(of(Mark::Lost).collect::<Vec<_>>(), ["makes b4: a quantum", "slot becomes b4"]);
        assert_eq!(of(Mark::Culprit).collect::<Vec<_>>(), ["slot becomes b3"]);
        assert!(scene.rows.iter().any(|row| (row.task, row.what.as_str()) == (0, "makes b3: a quantum")));
        let slot: Vec<_> =
            scene.words[0].values.iter().map(|(_, value, mark)| (value.as_str(), *mark)).collect();
        assert_eq!((scene.words[0].name.as_str(), scene.words[0].initially.as_str()), ("slot", "0"));
        assert_eq!(slot, [("b4", Some(Mark::Lost)), ("b3", Some(Mark::Culprit))]);
        let told: Vec<_> = scene.rows.iter().filter_map(|row| row.switch.as_deref()).collect();
        assert_eq!(told, ["A has looked, and has not stored", ""]);
        assert_eq!(
            replay.transcript.blocks.iter().filter(|block| block.is_lost).count() as u64,
            replay.end.leaked
        );
    }

    #[test]
    fn a_lock_is_a_bar_and_so_is_the_wait_for_it() {
        let scene = Found::of("abba", MemoryModel::Sc).sheet.scene;
        fn bar(bar: &Bar) -> (usize, Beside, &str, usize, usize) {
            (bar.task, bar.kind, bar.name.as_str(), bar.from, bar.to)
        }
        let bars: Vec<_> = scene.bars.iter().map(bar).collect();
        assert_eq!(
            bars,
            [
                (0, Beside::Has, "scull0.lock", 0, 4),
                (1, Beside::Waits, "scull0.lock", 3, 4),
                (1, Beside::Has, "scull1.lock", 1, 4),
                (0, Beside::Waits, "scull1.lock", 2, 4),
            ]
        );
        let waits = scene.arrows.iter().filter(|arrow| arrow.kind == Between::Waits);
        assert_eq!(waits.map(|arrow| (arrow.from, arrow.to)).collect::<Vec<_>>(), [(3, 0), (2, 1)]);
        // A task waits until the lock is given, and not until it goes on; and for no unit that is free.
        let waits = |name| {
            let bars = Found::of(name, MemoryModel::Sc)
                .sheet
                .scene
                .bars
                .into_iter()
                .filter(|bar| bar.kind == Beside::Waits);
            bars.map(|bar| (bar.task, bar.from, bar.to)).collect::<Vec<_>>()
        };
        assert_eq!(waits("sleep-in-atomic"), [(1, 0, 1)]);
        assert_eq!(waits("double-up"), []);
    }

    /// Of what goes wrong, the arrows go on in time, and each colour of a box is explained below.
    #[test]
    fn what_belongs_together_is_joined_and_explained() {
        for (name, joined) in [("scull-leak", &[[11, 18]][..]), ("lost-wakeup", &[[1, 2], [3, 5]])] {
            let found = Found::of(name, MemoryModel::Sc);
            let scene = &found.sheet.scene;
            let arrows = scene.arrows.iter().filter(|arrow| matches!(arrow.kind, Between::Spoils(_)));
            let kinds = arrows.map(|arrow| [arrow.from, arrow.to].map(|row| scene.rows[row].kind));
            assert_eq!(
                kinds.collect::<Vec<_>>(),
                joined.iter().map(|pair| pair.map(Kind::Step)).collect::<Vec<_>>()
            );
            let (_, rectangles) = pieces(&found.picture());
            let (swatches, boxes): (Vec<_>, Vec<_>) = rectangles
                .iter()
                .filter(|piece| piece.is("box"))
                .partition(|piece| piece.area.height == 12.0);
            for class in ["early", "lost", "culprit", "quiet", "aside"] {
                let is_there = |of: &[&Piece]| of.iter().any(|piece| piece.is(class));
                assert_eq!(is_there(&swatches), is_there(&boxes), "{name}: {class}");
            }
        }
    }

    /// Whatever went wrong is told in the order of the steps, and the verdict is not told again.
    #[test]
    fn the_sentences_follow_the_steps() {
        for (name, model) in SHOWN {
            let told = Found::of(name, *model).sheet.story.join(" ");
            let steps: Vec<usize> = told
                .split("(step ")
                .skip(1)
                .filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok())
                .collect();
            assert!(steps.is_sorted(), "{name}: {told}");
            let is_told = !["book-single", "book-quantum"].contains(name);
            assert_eq!(is_told, !steps.is_empty(), "{name}: {told}");
            assert!(!is_told || !told.contains("raced"), "{name}: {told}");
        }
        for (name, said) in [
            ("abba", "They take the same two locks in opposite order"),
            ("lost-wakeup", "A does not look at items again, which is 1 by now"),
            ("self-deadlock", "A wants scull0.lock again"),
            ("forgotten-unlock", "A has ended, and never gave it"),
            ("book-trim", "where that is. Nothing leads to b4 now"),
            ("unplug", "B frees b1"),
        ] {
            let told = Found::of(name, MemoryModel::Sc).sheet.story.join(" ");
            assert!(told.contains(said), "{name}: {told}");
        }
    }
}
