//! What went wrong in an execution, in some sentences, and beside which steps there is something to say.

use kcore::event::{LockId, Op, Outcome};
use kcore::experiment::INSIDE;
use kcore::experiment::page::wrap;
use kcore::explore::Act;
use kcore::host::explored::{Allocated, Line, Of, Replay};
use kcore::machine::Kind;
use kcore::probe::Name;

use super::account::{WIDTH, plural, worded};
use super::names::{Names, is_store, place};

/// What went wrong.
#[derive(Default)]
pub(super) struct Story {
    /// What a watchdog says, in lines.
    pub(super) finding: String,
    /// What was lost and why.
    pub(super) sentences: String,
    /// What is to be said beside steps.
    pub(super) notes: Vec<Note>,
    /// A step, the one of another task that belongs to it, and what it does to that.
    pub(super) spoils: Option<([usize; 2], &'static str)>,
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// What it saw or did holds no longer when the task goes on.
    Early,
    /// What it did is lost.
    Lost,
    /// By it that is lost.
    Culprit,
}

impl Story {
    pub(super) fn of(replay: &Replay) -> Self {
        let transcript = &replay.transcript;
        let teller = Teller { lines: &transcript.lines, names: &Names::of(transcript) };
        if let Some(finding) = &replay.finding {
            let story = teller.slept_past(&transcript.waiting).or_else(|| teller.held(&transcript.waiting));
            return Story { finding: finding.trim_end().to_string(), ..story.unwrap_or_default() };
        }
        let inside = (replay.end.owners > 1).then(|| teller.both_inside()).flatten();
        let told = inside.or_else(|| teller.used_after_free()).or_else(|| teller.overwritten());
        let told = told.or_else(|| teller.parted());
        // What the experiment itself says is in general words.
        let said = Some(transcript.notes.join("; ")).filter(|notes| told.is_none() && !notes.is_empty());
        let said = said.map(|notes| format!("The experiment says: {notes}."));
        let mut story = told.unwrap_or_default();
        let lost: Vec<_> = transcript.blocks.iter().filter(|block| block.is_lost).collect();
        let told = lost.iter().take(MOST_BLOCKS).map(|block| teller.lost(block));
        let more = lost.len().saturating_sub(MOST_BLOCKS);
        let more =
            (more > 0).then(|| format!("{} lost as well.", plural(more, "more block is", "more blocks are")));
        let end = format!("It ends {}.", worded(&replay.end));
        let parts = [story.sentences].into_iter().filter(|told| !told.is_empty());
        story.sentences =
            parts.chain(told).chain(more).chain(said).chain([end]).collect::<Vec<_>>().join(" ");
        story
    }

    /// In lines, and an empty one.
    pub(super) fn text(&self) -> String {
        let sentences = wrap(&self.sentences, WIDTH, "", "");
        let parts = [self.finding.as_str(), &sentences].into_iter().filter(|part| !part.is_empty());
        parts.flat_map(|part| [part, "\n\n"]).collect()
    }
}

/// Of so many lost blocks all is told.
const MOST_BLOCKS: usize = 2;

/// Finds out what went wrong.
struct Teller<'a> {
    lines: &'a [Line],
    names: &'a Names,
}

impl Teller<'_> {
    fn who(&self, step: usize) -> Name {
        Name(self.lines[step].who)
    }

    /// Which step it is, and where.
    fn at(&self, step: usize) -> String {
        format!("step {}, {}", step + 1, place(self.lines[step].at))
    }

    /// What the word of a step has in it after that.
    fn value(&self, step: usize) -> Option<String> {
        match self.lines[step] {
            Line { outcome: Some(Outcome::Saw(value)), .. } | Line { word: Some([_, value]), .. } => {
                Some(self.names.value(value))
            }
            _ => None,
        }
    }

    fn note(&self, step: usize, mark: Mark, text: impl Into<String>) -> Note {
        Note { step, mark, text: text.into() }
    }

    fn looks(&self, step: usize) -> Note {
        let saw = self.value(step).map_or_else(String::new, |value| format!(": {value}"));
        self.note(
            step,
            Mark::Early,
            format!("{} looks at {}{saw}", self.who(step), self.names.word(&self.lines[step])),
        )
    }

    /// The first switch behind `step`, amid `what`.
    fn switch_after(&self, step: usize, what: String) -> Option<(usize, String)> {
        let at = (step + 1..self.lines.len()).find(|at| self.lines[*at].who != self.lines[at - 1].who)?;
        Some((at, what))
    }

    /// The last switch up to `step`.
    fn switch_before(&self, step: usize, what: String) -> Option<(usize, String)> {
        let at = (1..=step).rfind(|at| self.lines[*at].who != self.lines[at - 1].who)?;
        Some((at, what))
    }

    fn lost(&self, block: &Allocated) -> String {
        let Allocated { who, address, size, kind, at, .. } = block;
        format!(
            "{} is lost: {} of {size} bytes, which {} allocated ({}).",
            self.names.value(*address),
            one(&called(*kind)),
            Name(*who),
            place(at)
        )
    }

    /// A task goes inside while another is.
    fn both_inside(&self) -> Option<Story> {
        let counts = |step: &usize| matches!(self.lines[*step].of, Of::Access(site, Op::Update) if site.name == INSIDE.name);
        let first = (0..self.lines.len()).find(counts)?;
        let second = (first..self.lines.len())
            .filter(counts)
            .find(|at| self.lines[*at].who != self.lines[first].who)?;
        let (one, other) = (self.who(first), self.who(second));
        let goes = format!("{other} goes inside ({}) while {one} is ({}).", self.at(second), self.at(first));
        let mut notes = vec![
            self.note(first, Mark::Early, format!("{one} is inside")),
            self.note(second, Mark::Culprit, format!("{other} is inside, too")),
        ];
        let during = format!("{one} is inside, and {other} goes on");
        let mut switch = self.switch_before(second, during);
        let mut sentences = goes;
        if let Some((looked, left)) = self.stale() {
            let (looker, storer) = (self.who(looked), self.who(left));
            let word = self.names.word(&self.lines[looked]);
            let value = |step| self.value(step).unwrap_or_default();
            sentences = format!(
                "{looker} looks at {word} ({}) and sees {}: the {} that {storer} has stored there waits in its buffer \
                 until step {}. {sentences}",
                self.at(looked),
                value(looked),
                value(left),
                left + 1
            );
            let told =
                format!("{looker} sees {}: the {} is still in {storer}'s buffer", value(looked), value(left));
            notes.insert(0, self.note(looked, Mark::Early, told));
            let between = format!("{looker} looked before {storer}'s store is seen");
            switch = self.switch_before(left, between).or(switch);
        }
        Some(Story { sentences, notes, switch, ..Story::default() })
    }

    /// A load that sees what was there before a store that waits in another task's buffer, and when that leaves it.
    fn stale(&self) -> Option<(usize, usize)> {
        self.lines.iter().enumerate().find_map(|(left, store)| {
            let since = store.buffered_since?;
            let is_stale = |step: &usize| {
                let load = &self.lines[*step];
                load.who != store.who && load.step.act == Act::Load && load.step.overlaps(&store.step)
            };
            (since..left).find(is_stale).map(|looked| (looked, left))
        })
    }

    /// A task stores over what another has stored since it looked.
    fn overwritten(&self) -> Option<Story> {
        let stores = |step: usize| is_store(&self.lines[step].step) && !is_free(&self.lines[step]);
        let found = (0..self.lines.len()).filter(|step| stores(*step)).find_map(|second| {
            let line = &self.lines[second];
            let meets = |step: &usize| self.lines[*step].step.overlaps(&line.step);
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
        let what = self.value(first).unwrap_or_else(|| "what is there".to_string());
        Some(Story {
            sentences: format!(
                "{task} stores over {} ({}) what {other} has stored there ({}) since {task} looked ({}): that is gone.",
                self.names.word(&self.lines[second]),
                self.at(second),
                self.at(first),
                self.at(looked),
            ),
            notes: vec![
                self.looks(looked),
                self.note(first, Mark::Lost, format!("{other} stores {what}: lost at step {}", second + 1)),
                self.note(second, Mark::Culprit, format!("{task} stores over {what}")),
            ],
            spoils: Some(([second, first], "stores over what another has stored")),
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

    /// A task uses what another has freed.
    fn used_after_free(&self) -> Option<Story> {
        let found = (0..self.lines.len()).filter(|step| is_free(&self.lines[*step])).find_map(|freed| {
            let meets = |step: &usize| self.lines[*step].step.overlaps(&self.lines[freed].step);
            Some((freed, (freed + 1..self.lines.len()).find(meets)?))
        });
        let (freed, used) = found?;
        let (task, other) = (self.who(used), self.who(freed));
        let how = if is_free(&self.lines[used]) { "frees once more" } else { "uses" };
        Some(Story {
            sentences: format!(
                "{task} {how} ({}) the {} bytes that {other} has freed ({}).",
                self.at(used),
                self.lines[freed].step.size,
                self.at(freed),
            ),
            notes: vec![
                self.note(freed, Mark::Lost, format!("{other} frees this")),
                self.note(used, Mark::Culprit, format!("{task} {how} it: freed at step {}", freed + 1)),
            ],
            spoils: Some(([used, freed], "touches what another has freed")),
            switch: match self.lines[..freed].iter().any(|line| line.who == self.lines[used].who) {
                true => self.switch_before(freed, format!("{task} is not done with what {other} frees")),
                false => self.switch_before(used, format!("{other} has freed what {task} goes on to use")),
            },
            ..Story::default()
        })
    }

    /// A task stores to both of two places between the steps of another that belong together.
    fn parted(&self) -> Option<Story> {
        let is_access =
            |step: &usize| matches!(self.lines[*step].of, Of::Access(..)) && self.lines[*step].step.size > 0;
        let meets = |one: usize, other: usize| self.lines[one].step.overlaps(&self.lines[other].step);
        let found = (0..self.lines.len()).filter(is_access).find_map(|second| {
            let is_own = |step: &usize| self.lines[*step].who == self.lines[second].who;
            let first = (0..second).filter(is_own).rfind(is_access).filter(|first| !meets(*first, second))?;
            let stored =
                |step| (first + 1..second).find(|at| is_store(&self.lines[*at].step) && meets(*at, step));
            Some((first, stored(first)?, stored(second)?, second))
        });
        let (first, one, other, second) = found?;
        let (task, storer) = (self.who(first), self.who(one));
        Some(Story {
            sentences: format!(
                "{storer} stores both ({}, {}) between two steps of {task} ({}, {}) that belong together.",
                self.at(one),
                self.at(other),
                self.at(first),
                self.at(second),
            ),
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

    /// A task sleeps for ever, and what it has looked at before has changed since.
    fn slept_past(&self, waiting: &[Line]) -> Option<Story> {
        let asleep = waiting.iter().filter(|line| matches!(line.of, Of::WakeUp(_)));
        let mut looks = asleep.flat_map(|line| self.last_looks(line.who));
        let (looked, stored) = looks.find_map(|looked| {
            let changes = |step: &usize| {
                let Line { who, step, .. } = &self.lines[*step];
                *who != self.lines[looked].who && is_store(step) && step.overlaps(&self.lines[looked].step)
            };
            Some((looked, (looked + 1..self.lines.len()).find(changes)?))
        })?;
        let (task, other) = (self.who(looked), self.who(stored));
        let mut story = Story {
            sentences: format!(
                "{task} looks at {} ({}) before {other} stores there ({}), does not look again, and sleeps.",
                self.names.word(&self.lines[looked]),
                self.at(looked),
                self.at(stored)
            ),
            notes: vec![
                self.looks(looked),
                self.note(stored, Mark::Lost, format!("{other} stores: {task} does not look again")),
            ],
            switch: self.switch_after(looked, format!("{task} has looked, and does not sleep yet")),
            ..Story::default()
        };
        if let Some((missed, late)) = self.crossed(self.lines[stored].who, self.lines[looked].who) {
            story.sentences += &format!(
                " {other} looks at {} ({}) before {task} stores there ({}), and wakes no task.",
                self.names.word(&self.lines[missed]),
                self.at(missed),
                self.at(late)
            );
            let value = self.value(missed).unwrap_or_default();
            story.notes.push(self.note(
                missed,
                Mark::Early,
                format!("{other} sees {value}, and wakes no task"),
            ));
        }
        Some(story)
    }

    /// The last look of `who`, which wakes no task, at what `other` stores only later, and that store.
    fn crossed(&self, who: u8, other: u8) -> Option<(usize, usize)> {
        let wakes = |line: &Line| line.who == who && matches!(line.of, Of::WakeUp(_));
        let missed = self.last_looks(who).into_iter().filter(|_| !self.lines.iter().any(wakes));
        let mut found = missed.filter_map(|missed| {
            let stores = |step: &usize| {
                let line = &self.lines[*step];
                line.who == other && is_store(&line.step) && line.step.overlaps(&self.lines[missed].step)
            };
            Some((missed, (missed + 1..self.lines.len()).find(stores)?))
        });
        found.next()
    }

    /// The last look of a task at each word.
    fn last_looks(&self, who: u8) -> Vec<usize> {
        let is_look = |step: &usize| self.lines[*step].who == who && self.lines[*step].step.act == Act::Load;
        let meets = |one: usize, other: usize| self.lines[one].step.overlaps(&self.lines[other].step);
        let looks: Vec<_> = (0..self.lines.len()).filter(is_look).collect();
        looks
            .iter()
            .copied()
            .filter(|look| !looks.iter().any(|later| later > look && meets(*later, *look)))
            .collect()
    }

    /// Tasks wait for locks that others have.
    fn held(&self, waiting: &[Line]) -> Option<Story> {
        waiting.iter().find(|line| matches!(line.of, Of::Lock(_)))?;
        let last = self.lines.len().checked_sub(1)?;
        let (at, _) = self.switch_before(last, String::new())?;
        let is_take =
            |line: &&Line| line.who == self.lines[at - 1].who && matches!(line.step.act, Act::Take { .. });
        let has = match self.lines[..at].iter().rfind(is_take).map(|line| line.of) {
            Some(Of::Lock(LockId { name, .. })) => format!("has {}", name.name),
            _ => "waits".to_string(),
        };
        let switch = Some((at, format!("{} {has}, and {} goes on", self.who(at - 1), self.who(at))));
        Some(Story { switch, ..Story::default() })
    }
}

/// One of what is called so.
pub(super) fn one(kind: &str) -> String {
    format!("{} {kind}", if kind.starts_with('a') { "an" } else { "a" })
}

/// What a block is used for, in a word.
pub(super) fn called(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

fn is_free(line: &Line) -> bool {
    matches!(line.of, Of::Block(_))
}
