//! What is in the picture of an execution, wherever it is drawn: rows, arrows between them, bars beside them,
//! and words.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{Op, Outcome};
use crate::explore::{Act, Line, Object, Of, Replay};
use crate::probe::Name;

use super::columns;
use super::folds::Loops;
use super::locks::Places;
use super::names::{Names, POISON, is_store, place};
use super::story::{Mark, Story, called, one};
use crate::sort;

/// What a part is that is no task.
pub(super) const INTERRUPT: &str = "interrupt";

/// Of so many words the values are shown.
const MOST_WORDS: usize = 4;

/// An execution, or what is known of it, to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// What the tasks are called.
    pub tasks: Vec<String>,
    /// What happens, in its order.
    pub rows: Vec<Row>,
    /// From events to others.
    pub arrows: Vec<Arrow>,
    /// Beside tasks.
    pub bars: Vec<Bar>,
    /// What they share.
    pub words: Vec<Word>,
    /// Blocks have names in it.
    pub has_blocks: bool,
    /// Rows that are not drawn one by one.
    pub folds: Vec<Fold>,
}

/// Rows of a task that are turns of a loop, and like those of the turn before them and of the turn behind
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// The first, from 0.
    pub from: usize,
    /// The last.
    pub to: usize,
    /// Rows of one turn.
    pub turn: usize,
}

/// A thing that a task does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Of which task, from 0.
    pub task: usize,
    /// Whether it is a step.
    pub kind: Kind,
    /// What happens, with its value.
    pub what: String,
    /// By which source line.
    pub place: String,
    /// No other task notices.
    pub is_dull: bool,
    /// Which part it has in what went wrong.
    pub mark: Option<Mark>,
    /// What is said beside it.
    pub note: String,
    /// Another task went on before it; and what is to be said of that.
    pub switch: Option<String>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A step, from 1; 0 if others that are not known may be between these.
    Step(usize),
    /// No step: only the task itself notices it now.
    Aside,
    /// What the task wants that never comes.
    Wish,
    /// Turns of a loop: only where a scene is drawn.
    Turns,
}

/// From a row to a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    /// From which row, from 0.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// What it is.
    pub kind: Between,
}

/// What an arrow is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Between {
    /// From a store to the load of another task that saw it.
    Saw,
    /// From what a task waits for to where another has taken it.
    Waits,
    /// From a step to a later one of another task that spoils it, or that it spoils; in words.
    Spoils(String),
}

/// Beside a task, from a row to a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Which task, from 0.
    pub task: usize,
    /// From which row, from 0.
    pub from: usize,
    /// If there is no such row, for ever.
    pub to: usize,
    /// What it is.
    pub kind: Beside,
    /// What all bars of one thing have in common.
    pub number: usize,
    /// What that is called.
    pub name: String,
}

/// What a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beside {
    /// The task has a lock.
    Has,
    /// It waits for it.
    Waits,
    /// A store waits in its buffer.
    Buffers,
}

/// A word that tasks share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What it is called.
    pub name: String,
    /// What is in it before all rows.
    pub initially: String,
    /// After a row, what is in it, and what is to be noticed about that.
    pub values: Vec<(usize, String, Option<Mark>)>,
}

impl Scene {
    pub(super) fn of(replay: &Replay, story: &Story) -> Self {
        let names = &Names::of(&replay.transcript);
        let mut setting =
            Setting { replay, story, names, rows: Vec::new(), of_step: Vec::new(), wishes: Vec::new() };
        setting.place_rows();
        let count = setting.rows.iter().map(|row| row.task).max().map_or(1, |task| task + 1);
        let interrupt = replay.transcript.interrupt.map(usize::from);
        let head = |part| if Some(part) == interrupt { INTERRUPT } else { "task" };
        let tasks = (0..count).map(|part| format!("{} {}", head(part), Name(part as u8))).collect();
        let places =
            Places { transcript: &replay.transcript, steps: &setting.of_step, wishes: &setting.wishes };
        let (mut arrows, mut bars) = (setting.loads(), places.bars());
        arrows.extend(setting.waits(&bars));
        arrows.extend(story.spoils.iter().map(|([from, to], how)| {
            let [from, to] = [from, to].map(|step| setting.of_step[*step]);
            Arrow { from, to, kind: Between::Spoils((*how).to_string()) }
        }));
        bars.extend(setting.buffers());
        let words = setting.words();
        let told = story.told.iter().map(|(step, _)| step).filter_map(|step| setting.of_step.get(*step));
        let told = told
            .copied()
            .chain(arrows.iter().filter(|arrow| arrow.kind == Between::Saw).map(|arrow| arrow.from));
        let spoils = arrows.iter().filter(|arrow| arrow.kind != Between::Saw);
        let told = told.chain(spoils.flat_map(|arrow| [arrow.from, arrow.to]));
        let told = told.chain(bars.iter().flat_map(|bar| [bar.from, bar.to]));
        let told = told.chain(words.iter().flat_map(|word| &word.values).map(|(row, ..)| *row));
        let folds = Loops::new(&replay.transcript, &setting.rows, &setting.of_step, told).folds();
        Scene { tasks, arrows, bars, words, rows: setting.rows, has_blocks: names.has_addresses(), folds }
    }

    /// As it is drawn: with one row for the turns of a loop that say nothing new.
    pub fn folded(&self) -> Scene {
        let (mut rows, mut now) = (Vec::new(), Vec::new());
        for (at, row) in self.rows.iter().enumerate() {
            let fold = self.folds.iter().find(|fold| (fold.from..=fold.to).contains(&at));
            now.push(fold.is_none().then_some(rows.len()));
            match fold {
                None => rows.push(row.clone()),
                Some(fold) if fold.from == at => rows.push(self.turns(fold)),
                Some(_) => {}
            }
        }
        now.push(Some(rows.len()));
        let end = self.rows.len();
        let now = |row: usize| now[row.min(end)];
        let arrow = |arrow: &Arrow| {
            let (from, to, kind) = (now(arrow.from)?, now(arrow.to)?, arrow.kind.clone());
            Some(Arrow { from, to, kind })
        };
        let bar = |bar: &Bar| Some(Bar { from: now(bar.from)?, to: now(bar.to)?, ..bar.clone() });
        let value =
            |(row, value, mark): &(usize, String, Option<Mark>)| Some((now(*row)?, value.clone(), *mark));
        let word =
            |word: &Word| Word { values: word.values.iter().filter_map(value).collect(), ..word.clone() };
        Scene {
            tasks: self.tasks.clone(),
            arrows: self.arrows.iter().filter_map(arrow).collect(),
            bars: self.bars.iter().filter_map(bar).collect(),
            words: self.words.iter().map(word).collect(),
            rows,
            has_blocks: self.has_blocks,
            folds: Vec::new(),
        }
    }

    /// One row for several turns of a loop.
    fn turns(&self, fold: &Fold) -> Row {
        let Fold { from, to, turn } = *fold;
        let mut places: Vec<&str> = Vec::new();
        for row in &self.rows[from..from + turn] {
            if !places.contains(&&*row.place) {
                places.push(&row.place);
            }
        }
        Row {
            kind: Kind::Turns,
            what: format!("{} more of this loop", to + 1 - from),
            place: places.join(", "),
            is_dull: true,
            ..self.rows[from].clone()
        }
    }

    /// What values are that are no numbers.
    pub fn signs(&self) -> Vec<&'static str> {
        let is_poison = |row: &Row| row.what.contains(POISON);
        let poison = self.rows.iter().any(is_poison).then_some("poison: what free memory is filled with");
        let blocks = self.has_blocks.then_some("b1, b2, ...: blocks of memory, by address (0: none)");
        blocks.into_iter().chain(poison).collect()
    }

    /// Whether an arrow has nothing to do with what went wrong.
    pub fn is_weak(&self, arrow: &Arrow) -> bool {
        let is_plain = |row: usize| self.rows[row].mark.is_none();
        arrow.kind == Between::Saw && (is_plain(arrow.from) || is_plain(arrow.to))
    }
}

/// A scene under way.
struct Setting<'a> {
    replay: &'a Replay,
    story: &'a Story,
    names: &'a Names,
    rows: Vec<Row>,
    /// The row of each step, and of what each task waits for in the end.
    of_step: Vec<usize>,
    wishes: Vec<usize>,
}

impl Setting<'_> {
    fn lines(&self) -> &[Line] {
        &self.replay.transcript.lines
    }

    fn place_rows(&mut self) {
        let transcript = &self.replay.transcript;
        for (at, line) in transcript.lines.iter().enumerate() {
            self.place_asides(at);
            self.of_step.push(self.rows.len());
            let mut row = self.row(line, Kind::Step(at + 1), columns::words(line, self.names));
            if let Some(note) = self.story.notes.iter().find(|note| note.step == at) {
                (row.mark, row.note) = (Some(note.mark), note.text.clone());
            }
            let is_switch = at > 0 && transcript.lines[at - 1].who != line.who;
            let said = self.story.switch.as_ref().filter(|(step, _)| *step == at);
            row.switch = is_switch.then(|| said.map(|(_, what)| what.clone()).unwrap_or_default());
            self.rows.push(row);
        }
        self.place_asides(transcript.lines.len());
        for line in &transcript.waiting {
            self.wishes.push(self.rows.len());
            let row = self.row(line, Kind::Wish, columns::wish(line));
            self.rows.push(Row { mark: Some(Mark::Culprit), ..row });
        }
    }

    /// What a task has done behind its step `at` that is none.
    fn place_asides(&mut self, at: usize) {
        let transcript = &self.replay.transcript;
        let aside = |who: u8, mark, what, place| {
            let (task, note, switch) = (usize::from(who), String::new(), None);
            Row { task, kind: Kind::Aside, what, place, is_dull: false, mark, note, switch }
        };
        let names = self.names;
        let made = transcript.blocks.iter().filter(|block| block.after == at && names.knows(block.address));
        let made = made.map(|block| {
            let name = names.value(block.address);
            let what = format!("makes {name}: {}", one(&called(block.kind)));
            aside(block.who, Some(Mark::Lost).filter(|_| block.is_lost), what, place(block.at))
        });
        let stores = transcript.lines.iter().filter(|line| line.buffered_since == Some(at));
        let stores = stores.filter_map(|store| {
            let [_, value] = store.word?;
            let what = format!("buffers {} = {}", names.word(store), names.value(value));
            Some(aside(store.who, None, what, place(store.at)))
        });
        let mut asides: Vec<_> = made.chain(stores).collect();
        // Before its first step a task does so by itself, in no order.
        sort::few(&mut asides, |a, b| a.task < b.task);
        self.rows.extend(asides);
    }

    fn row(&self, line: &Line, kind: Kind, what: String) -> Row {
        let transcript = &self.replay.transcript;
        let others =
            || transcript.lines.iter().chain(&transcript.waiting).filter(|other| other.who != line.who);
        Row {
            task: usize::from(line.who),
            kind,
            what,
            place: place(line.at),
            is_dull: !matches!(line.of, Of::Comes) && !others().any(|other| other.step.conflicts(&line.step)),
            mark: None,
            note: String::new(),
            switch: None,
        }
    }

    /// From the stores of tasks to the loads of others that saw them.
    fn loads(&self) -> Vec<Arrow> {
        let loads = |line: &Line| {
            matches!(line.of, Of::Access(..)) && matches!(line.step.act, Act::Load | Act::Update)
        };
        let steps = (0..self.lines().len()).filter(|at| loads(&self.lines()[*at]));
        let arrow =
            |at| Some(Arrow { from: self.of_step[self.seen(at)?], to: self.of_step[at], kind: Between::Saw });
        steps.filter_map(arrow).collect()
    }

    /// The step of another task whose store step `at` sees.
    fn seen(&self, at: usize) -> Option<usize> {
        let load = &self.lines()[at];
        let store = (0..at).rfind(|store| {
            let store = &self.lines()[*store];
            has_stored(store) && store.step.overlaps(&load.step)
        })?;
        let of = &self.lines()[store];
        let own = |later: &Line| {
            later.who == load.who && later.buffered_since <= Some(at) && later.buffered_since.is_some()
        };
        let forwarded = self.lines()[at..].iter().any(|later| own(later) && later.step.overlaps(&load.step));
        let saw = match (load.outcome, load.word) {
            (Some(Outcome::Saw(value)), _) | (_, Some([value, _])) => Some(value),
            _ => None,
        };
        let is_that = of.word.zip(saw).is_none_or(|([_, stored], saw)| stored == saw);
        (of.who != load.who && is_that && !forwarded).then_some(store)
    }

    /// From what tasks want for ever to where others have taken it.
    fn waits(&self, bars: &[Bar]) -> Vec<Arrow> {
        let wishes = bars.iter().filter(|bar| bar.kind == Beside::Waits && self.wishes.contains(&bar.from));
        let arrow = |wish: &Bar| {
            let has =
                |bar: &&Bar| (bar.number, bar.kind) == (wish.number, Beside::Has) && bar.task != wish.task;
            bars.iter().rfind(has).map(|bar| Arrow { from: wish.from, to: bar.from, kind: Between::Waits })
        };
        let comes = self.lines().iter().position(|line| matches!(line.of, Of::Comes));
        let below = self.replay.transcript.waiting.iter().zip(&self.wishes);
        let below = below.filter(|(line, _)| matches!(line.of, Of::Cpu)).filter_map(|(_, from)| {
            Some(Arrow { from: *from, to: self.of_step[comes?], kind: Between::Waits })
        });
        wishes.filter_map(arrow).chain(below).collect()
    }

    /// Stores that wait in buffers.
    fn buffers(&self) -> Vec<Bar> {
        let left = self.lines().iter().zip(&self.of_step).filter(|(line, _)| line.buffered_since.is_some());
        let bar = |(line, to): (&Line, &usize)| {
            let since = line.buffered_since?;
            let behind = since.checked_sub(1).map_or(0, |before| self.of_step[before] + 1);
            let what = format!("buffers {} = ", self.names.word(line));
            let is_it = |row: &&Row| {
                row.kind == Kind::Aside && row.task == usize::from(line.who) && row.what.starts_with(&what)
            };
            let from = behind + self.rows[behind..].iter().position(|row| is_it(&row))?;
            Some(Bar {
                task: usize::from(line.who),
                from,
                to: *to,
                kind: Beside::Buffers,
                number: 0,
                name: String::new(),
            })
        };
        left.filter_map(bar).collect()
    }

    /// The words that several tasks use and that change, those first of which something is told.
    fn words(&self) -> Vec<Word> {
        let mut objects = Vec::<Object>::new();
        let told = self.story.notes.iter().map(|note| &self.lines()[note.step]);
        for line in told.chain(self.lines()).filter(|line| line.word.is_some()) {
            let uses = || self.lines().iter().filter(|other| other.step.object == line.step.object);
            let is_changed = |line: &Line| line.word.is_some_and(|[before, after]| before != after);
            let is_shared = uses().any(|other| other.who != line.who) && uses().any(is_changed);
            if is_shared && !objects.contains(&line.step.object) {
                objects.push(line.step.object);
            }
        }
        objects.truncate(MOST_WORDS);
        objects.iter().filter_map(|object| self.word(*object)).collect()
    }

    fn word(&self, object: Object) -> Option<Word> {
        let uses = || self.lines().iter().zip(&self.of_step).filter(|(line, _)| line.step.object == object);
        let (first, _) = uses().next()?;
        let is_lost =
            |value| self.replay.transcript.blocks.iter().any(|block| block.is_lost && block.address == value);
        let value = |(line, row): (&Line, &usize)| {
            let [_, after] = line.word.filter(|_| has_stored(line))?;
            let mark = if is_lost(after) { Some(Mark::Lost) } else { self.rows[*row].mark };
            Some((*row, self.names.value(after), mark))
        };
        Some(Word {
            name: self.names.word(first),
            initially: self.names.value(first.word?[0]),
            values: uses().filter_map(value).collect(),
        })
    }
}

/// Whether a step has stored something.
fn has_stored(line: &Line) -> bool {
    let stores = matches!(line.of, Of::Access(_, op) if !matches!(op, Op::Swap(_) | Op::Update));
    let changes = line.word.is_some_and(|[before, after]| before != after);
    matches!(line.of, Of::Access(..)) && is_store(line) && (stores || changes)
}
