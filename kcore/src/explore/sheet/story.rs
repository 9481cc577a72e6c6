//! What went wrong in an execution, in some sentences, and beside which steps there is something to say.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{Op, Outcome};
use crate::experiment::INSIDE;
use crate::explore::account::{plural, worded};
use crate::explore::{Act, Line, Of, Replay};
use crate::machine::Kind;
use crate::probe::Name;
use crate::settings::Verdict;

use super::columns::words;
use super::names::{Names, is_free, is_store, place};
use crate::sort;

/// What went wrong.
#[derive(Default)]
pub(super) struct Story {
    /// What a watchdog says, in lines.
    pub(super) finding: String,
    /// What was lost and why, with the steps it is about: in their order.
    pub(super) told: Vec<(usize, String)>,
    /// What the experiment itself says, if that is not told.
    pub(super) said: Option<String>,
    /// What is to be said beside steps.
    pub(super) notes: Vec<Note>,
    /// A step, the later one of another task that belongs to it, and what happens from the one to the other.
    pub(super) spoils: Vec<([usize; 2], &'static str)>,
    /// The switch that did it: the first step after it, and what it came amid.
    pub(super) switch: Option<(usize, String)>,
}

/// What is to be said beside a step.
pub(super) struct Note {
    /// Which, from 0.
    pub(super) step: usize,
    pub(super) mark: Mark,
    pub(super) text: String,
}

/// Which part a step has in what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// What it saw holds no longer when the task goes on.
    Early,
    /// What it did is lost, or comes too late to be seen.
    Lost,
    /// By it all goes wrong.
    Culprit,
}

impl Story {
    pub(super) fn of(replay: &Replay) -> Self {
        let transcript = &replay.transcript;
        let teller = Teller { lines: &transcript.lines, names: &Names::of(transcript) };
        let mut story = match &replay.finding {
            // What else a watchdog says is told by itself.
            Some(finding) if !matches!(replay.end.verdict, Verdict::Deadlock | Verdict::Stuck) => {
                Story { finding: finding.clone(), ..Story::default() }
            }
            Some(finding) => {
                let told =
                    teller.slept_past(&transcript.waiting).or_else(|| teller.stopped(&transcript.waiting));
                Story { finding: finding.clone(), ..told.unwrap_or_default() }
            }
            None => Self::of_all(replay, &teller),
        };
        sort::few(&mut story.told, |(a, _), (b, _)| a < b);
        story
    }

    /// All tasks have ended.
    fn of_all(replay: &Replay, teller: &Teller<'_>) -> Self {
        let transcript = &replay.transcript;
        let lost: Vec<_> = transcript.blocks.iter().filter(|block| block.is_lost).collect();
        let inside = (replay.end.owners > 1).then(|| teller.both_inside()).flatten();
        let signalled = teller.signalled();
        let told = inside.or(signalled).or_else(|| teller.used_after_free()).or_else(|| teller.overwritten());
        let told = told.or_else(|| teller.lost_by(lost.first()?)).or_else(|| teller.parted());
        // What the experiment itself says is in general words.
        let said = Some(transcript.notes.join("; ")).filter(|notes| told.is_none() && !notes.is_empty());
        let said = said.map(|notes| format!("The experiment says: {notes}."));
        let mut story = told.unwrap_or_default();
        let told = lost.iter().take(MOST_BLOCKS).map(|block| teller.lost(block));
        let more = lost.len().saturating_sub(MOST_BLOCKS);
        let more =
            (more > 0).then(|| format!("{} lost as well.", plural(more, "more block is", "more blocks are")));
        story.told.extend(told.chain(more).map(|told| (END, told)));
        story.said = said;
        if story.told.is_empty() && story.said.is_none() {
            story.told.push((END, format!("It ends {}.", worded(&replay.end.outcome(1)))));
        }
        story
    }

    /// The sentences; where there are none, what a watchdog says.
    pub(super) fn paragraphs(&self) -> Vec<String> {
        match (self.told.is_empty(), &self.said) {
            (true, Some(said)) => vec![said.clone()],
            (true, None) => self.finding.lines().map(|line| line.trim().to_string()).collect(),
            (false, said) => vec![self.sentences().chain(said.as_deref()).collect::<Vec<_>>().join(" ")],
        }
    }

    /// The same in one, without what the experiment itself says.
    pub(super) fn of_its_steps(&self) -> String {
        match self.told.is_empty() {
            true => self.finding.lines().map(str::trim).collect::<Vec<_>>().join(" "),
            false => self.sentences().collect::<Vec<_>>().join(" "),
        }
    }

    fn sentences(&self) -> impl Iterator<Item = &str> {
        self.told.iter().map(|(_, told)| told.as_str())
    }
}

/// What is told of no step is told after all of them.
pub(super) const END: usize = usize::MAX;

/// Of so many lost blocks all is told.
const MOST_BLOCKS: usize = 2;

/// Finds out what went wrong.
pub(super) struct Teller<'a> {
    pub(super) lines: &'a [Line],
    pub(super) names: &'a Names,
}

impl Teller<'_> {
    /// A task leaves because of a signal, or since its time is over, though it has by then what it has waited
    /// for.
    fn signalled(&self) -> Option<Story> {
        let is_signal = |step: &usize, act: Act| {
            matches!(self.lines[*step].of, Of::Signal(_) | Of::Deadline(_))
                && self.lines[*step].step.act == act
        };
        let steps = || 0..self.lines.len();
        let sent = steps().find(|step| is_signal(step, Act::Update))?;
        let (task, comes, looks_for) = match self.lines[sent].of {
            Of::Signal(task) => (task, "sends NAME a signal", "looks for the signal"),
            Of::Deadline(task) => (task, "lets the deadline of NAME pass", "looks at the clock"),
            _ => return None,
        };
        let waiter = (task.0 as u8).saturating_sub(1);
        let comes = comes.replace("NAME", &Name(waiter).to_string());
        let own = |step: &usize| self.lines[*step].who == waiter;
        let looks = steps().rfind(|step| own(step) && is_signal(step, Act::Load))?;
        let wakes = |step: &usize| !own(step) && matches!(self.lines[*step].of, Of::WakeUp(_));
        let granted = (0..sent).rfind(wakes)?;
        let sentence = |step: usize, what: String| (step, what + &format!(" ({}).", self.at(step)));
        Some(Story {
            told: vec![
                sentence(
                    granted,
                    format!("{} gives {} the unit, and wakes it", self.who(granted), Name(waiter)),
                ),
                sentence(sent, format!("{} {comes}", self.who(sent))),
                sentence(looks, format!("{} {looks_for}", Name(waiter))),
                (
                    looks,
                    "It goes as if it had got nothing: the unit that it has is given by no task.".to_string(),
                ),
            ],
            ..Story::default()
        })
    }

    pub(super) fn who(&self, step: usize) -> Name {
        Name(self.lines[step].who)
    }

    /// Whether two steps touch the same.
    pub(super) fn meets(&self, one: usize, other: usize) -> bool {
        self.lines[one].step.overlaps(&self.lines[other].step)
    }

    /// Which step it is, and where.
    pub(super) fn at(&self, step: usize) -> String {
        format!("step {}, {}", step + 1, place(self.lines[step].at))
    }

    /// What the word of a step has in it after that.
    pub(super) fn value(&self, step: usize) -> Option<String> {
        match self.lines[step] {
            Line { outcome: Some(Outcome::Saw(value)), .. } | Line { word: Some([_, value]), .. } => {
                Some(self.names.value(value))
            }
            _ => None,
        }
    }

    pub(super) fn note(&self, step: usize, mark: Mark, text: impl Into<String>) -> Note {
        Note { step, mark, text: text.into() }
    }

    /// That a task sees what it does, and where.
    pub(super) fn sees(&self, step: usize) -> String {
        let word = self.names.word(&self.lines[step]);
        let seen = self
            .value(step)
            .map_or_else(|| format!("reads {word}"), |value| format!("sees {value} in {word}"));
        format!("{} {seen} ({}).", self.who(step), self.at(step))
    }

    /// That a task stores what it does, and where; `there` if that has been said.
    pub(super) fn stores(&self, step: usize, is_there: bool) -> String {
        let to =
            if is_there { "there".to_string() } else { format!("in {}", self.names.word(&self.lines[step])) };
        let stores = match self.value(step) {
            Some(value) => format!("stores {value} {to}"),
            None => words(&self.lines[step], self.names),
        };
        format!("{} {stores} ({}).", self.who(step), self.at(step))
    }

    /// What a step is, and where.
    fn does(&self, step: usize) -> String {
        match self.lines[step].step.act {
            Act::Load => self.sees(step),
            _ => self.stores(step, false),
        }
    }

    /// What is said at a look that holds until step `until`.
    pub(super) fn looks(&self, step: usize, until: usize) -> Note {
        self.note(step, Mark::Early, format!("holds until step {}", until + 1))
    }

    /// The first switch behind `step`, amid `what`.
    pub(super) fn switch_after(&self, step: usize, what: String) -> Option<(usize, String)> {
        let at = (step + 1..self.lines.len()).find(|at| self.lines[*at].who != self.lines[at - 1].who)?;
        Some((at, what))
    }

    /// The last switch up to `step`.
    pub(super) fn switch_before(&self, step: usize, what: String) -> Option<(usize, String)> {
        let at = (1..=step).rfind(|at| self.lines[*at].who != self.lines[at - 1].who)?;
        Some((at, what))
    }

    /// A task goes inside while another is.
    fn both_inside(&self) -> Option<Story> {
        let is_inside = |of: Of| matches!(of, Of::Access(site, Op::Update) if site.name == INSIDE.name);
        let counts = |step: &usize| is_inside(self.lines[*step].of);
        let first = (0..self.lines.len()).find(counts)?;
        let second = (first..self.lines.len())
            .filter(counts)
            .find(|at| self.lines[*at].who != self.lines[first].who)?;
        let (one, other) = (self.who(first), self.who(second));
        // Why it could: what it saw was too old, or has been stored over.
        let is_before = |story: &Story| story.notes.iter().all(|note| note.step < second);
        let stored_over = || self.overwritten().filter(is_before);
        let mut story = self.stale(second).or_else(stored_over).unwrap_or_default();
        story.told.push((first, format!("{one} goes inside ({}).", self.at(first))));
        let goes = format!("{other} goes inside as well ({}), and {one} is still there.", self.at(second));
        story.told.push((second, goes));
        story.notes.push(self.note(first, Mark::Culprit, format!("{one} is inside")));
        story.notes.push(self.note(second, Mark::Culprit, format!("{other} is inside as well")));
        story.switch = story
            .switch
            .or_else(|| self.switch_before(second, format!("{one} is inside, and {other} goes on")));
        Some(story)
    }

    /// Before `end`, tasks see what was there before a store of another which waits in its buffer.
    fn stale(&self, end: usize) -> Option<Story> {
        let mut story = Story::default();
        for (left, store) in self.lines.iter().enumerate() {
            let is_stale = |step: &usize| {
                let load = &self.lines[*step];
                load.who != store.who && load.step.act == Act::Load && load.step.overlaps(&store.step)
            };
            let since = store.buffered_since.unwrap_or(left).min(end);
            let Some(looked) = (since..left.min(end)).find(is_stale) else { continue };
            let (looker, storer) = (self.who(looked), self.who(left));
            let value = self.value(left).unwrap_or_default();
            let told = format!(
                "{} The {value} that {storer} has stored there is still in {storer}'s buffer, until step {}.",
                self.sees(looked),
                left + 1
            );
            story.told.push((looked, told));
            story.notes.push(self.looks(looked, left));
            story.notes.push(self.note(left, Mark::Lost, format!("too late for {looker}")));
            story.spoils.push(([looked, left], CHANGES));
            let between = format!("{looker} looked before {storer}'s store is seen");
            story.switch = story.switch.or_else(|| self.switch_before(left, between));
        }
        Some(story).filter(|story| !story.notes.is_empty())
    }

    /// A task stores over what another has stored since it looked.
    fn overwritten(&self) -> Option<Story> {
        let stores = |step: usize| is_store(&self.lines[step]) && !is_free(&self.lines[step]);
        let found = (0..self.lines.len()).filter(|step| stores(*step)).find_map(|second| {
            let line = &self.lines[second];
            let meets = |step: &usize| self.meets(*step, second);
            let is_own = |step: &usize| self.lines[*step].who == line.who;
            let is_look = |step: &usize| self.lines[*step].step.act == Act::Load && meets(step);
            // It has decided before its store waited in its buffer.
            let decided = line.buffered_since.unwrap_or(second);
            let looked = (0..decided).filter(is_own).rfind(is_look)?;
            let first =
                (looked..second).filter(meets).filter(|step| !is_own(step)).rfind(|step| stores(*step))?;
            Some((looked, first, second))
        });
        let (looked, first, second) = found?;
        let (task, other) = (self.who(second), self.who(first));
        let value = |step| self.value(step).unwrap_or_else(|| "its own".to_string());
        let (what, at) = (value(second), self.at(second));
        let is_swap = matches!(self.lines[second].of, Of::Access(_, Op::Swap(_)));
        let then = match self.lines[second].buffered_since {
            _ if is_swap => format!(
                "{task}'s swap finds {} again, and puts {what} in its place ({at}). It cannot tell that there was \
                 something else meanwhile.",
                value(first)
            ),
            Some(_) => {
                format!("{task} does not look again: {what} comes over it from {task}'s buffer ({at}).")
            }
            None => format!("{task} does not look again, and stores {what} over it ({at})."),
        };
        let is_block = self.lines[first].word.is_some_and(|[_, value]| self.names.knows(value));
        let gone = Some((END, format!("What {other} has stored is gone.")));
        let told = [(looked, self.sees(looked)), (first, self.stores(first, true)), (second, then)];
        let changed = (looked..first).find(|at| {
            self.lines[*at].who != self.lines[second].who && stores(*at) && self.meets(*at, second)
        });
        let culprit = if is_swap { "the same again" } else { "does not look again" };
        Some(Story {
            told: told.into_iter().chain(gone.filter(|_| !is_block && !is_swap)).collect(),
            notes: vec![
                self.looks(looked, changed.unwrap_or(first)),
                self.note(first, Mark::Lost, format!("lost at step {}", second + 1)),
                self.note(second, Mark::Culprit, culprit),
            ],
            spoils: vec![([first, second], "is stored over")],
            switch: self.switch_after(
                looked,
                match self.lines[second].buffered_since {
                    Some(_) => format!("{task} has looked, and its store waits"),
                    None => format!("{task} has looked, and has not stored"),
                },
            ),
            ..Story::default()
        })
    }

    /// A task stores to both of two places between the steps of another that belong together.
    fn parted(&self) -> Option<Story> {
        let is_access =
            |step: &usize| matches!(self.lines[*step].of, Of::Access(..)) && self.lines[*step].step.size > 0;
        let found = (0..self.lines.len()).filter(is_access).find_map(|second| {
            let is_own = |step: &usize| self.lines[*step].who == self.lines[second].who;
            let first =
                (0..second).filter(is_own).rfind(is_access).filter(|first| !self.meets(*first, second))?;
            let stored =
                |step| (first + 1..second).find(|at| is_store(&self.lines[*at]) && self.meets(*at, step));
            Some((first, stored(first)?, stored(second)?, second))
        });
        let (first, one, other, second) = found?;
        let (task, storer) = (self.who(first), self.who(one));
        Some(Story {
            told: [first, one, other, second]
                .map(|step| (step, self.does(step)))
                .into_iter()
                .chain([(
                    END,
                    format!("The two steps of {task} belong together, and {storer} came between."),
                )])
                .collect(),
            notes: vec![
                self.note(first, Mark::Early, format!("{task}: the first of two")),
                self.note(one, Mark::Lost, format!("{storer} changes the first")),
                self.note(other, Mark::Lost, format!("{storer} changes the second")),
                self.note(second, Mark::Culprit, format!("{task}: the second does not fit")),
            ],
            switch: self.switch_after(first, format!("{task} is between its two steps")),
            ..Story::default()
        })
    }
}

/// What was seen is so no longer.
pub(super) const CHANGES: &str = "changes after the look";

/// One of what is called so.
pub fn one(kind: &str) -> String {
    format!("{} {kind}", if kind.starts_with('a') { "an" } else { "a" })
}

/// What a block is used for, in a word.
pub(super) fn called(kind: Kind) -> String {
    match kind {
        Kind::Other => "block".to_string(),
        ours => format!("{ours:?}").to_ascii_lowercase(),
    }
}
