//! What went wrong with blocks of memory, in some sentences.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use crate::event::Outcome;
use crate::explore::{Allocated, Line, Of};
use crate::probe::Name;

use super::columns::words;
use super::names::{is_free, is_store, place};
use super::story::{Mark, Story, Teller};

impl Teller<'_> {
    /// That a block is lost.
    pub(super) fn lost(&self, block: &Allocated) -> String {
        let Allocated { who, address, size, at, .. } = block;
        format!(
            "Nothing leads to {} now: {size} bytes that {} allocated ({}) are lost.",
            self.names.value(*address),
            Name(*who),
            place(*at)
        )
    }

    /// What led to a block is stored over, or freed.
    pub(super) fn lost_by(&self, block: &Allocated) -> Option<Story> {
        let leads = |step: &usize| {
            let line = &self.lines[*step];
            is_store(line) && line.word.is_some_and(|[_, after]| after == block.address)
        };
        let stored = (0..self.lines.len()).rfind(leads)?;
        let spoils = |step: &usize| is_store(&self.lines[*step]) && self.meets(*step, stored);
        let gone = (stored + 1..self.lines.len()).find(spoils)?;
        let (task, other, name) = (self.who(stored), self.who(gone), self.names.value(block.address));
        let goes = match is_free(&self.lines[gone]) {
            true => format!(
                "{other} {} ({}), where that is.",
                words(&self.lines[gone], self.names),
                self.at(gone)
            ),
            false => self.stores(gone, true),
        };
        Some(Story {
            told: vec![(stored, self.stores(stored, false)), (gone, goes)],
            notes: vec![
                self.note(stored, Mark::Lost, format!("lost at step {}", gone + 1)),
                self.note(gone, Mark::Culprit, format!("{name} is lost with it")),
            ],
            spoils: vec![([stored, gone], "is lost by it")].into_iter().filter(|_| task != other).collect(),
            switch: self.switch_before(stored, format!("{other} is not done when {task} goes on")),
            ..Story::default()
        })
    }

    /// A task uses what another has freed.
    pub(super) fn used_after_free(&self) -> Option<Story> {
        let found = (0..self.lines.len()).filter(|step| is_free(&self.lines[*step])).find_map(|freed| {
            Some((freed, (freed + 1..self.lines.len()).find(|step| self.meets(*step, freed))?))
        });
        let (freed, used) = found?;
        let (task, other) = (self.who(used), self.who(freed));
        let how = if is_free(&self.lines[used]) { "frees it once more" } else { "uses it all the same" };
        let Of::Block(_, address) = self.lines[freed].of else { return None };
        let leads = |step: &usize| {
            let Line { who, outcome, .. } = self.lines[*step];
            who == self.lines[used].who && matches!(outcome, Some(Outcome::Saw(value)) if value == address)
        };
        let looked = (0..freed).rfind(leads);
        let what = words(&self.lines[freed], self.names);
        let frees = format!("{other} {what} ({}).", self.at(freed));
        let uses = format!("{task} {how} ({}).", self.at(used));
        let told =
            looked.map(|step| (step, self.sees(step))).into_iter().chain([(freed, frees), (used, uses)]);
        let notes = looked.map(|step| self.looks(step, freed)).into_iter().chain([
            self.note(freed, Mark::Lost, format!("{task} is not done with it")),
            self.note(used, Mark::Culprit, format!("freed at step {}", freed + 1)),
        ]);
        Some(Story {
            told: told.collect(),
            notes: notes.collect(),
            spoils: vec![([freed, used], "is used after it was freed")],
            switch: match self.lines[..freed].iter().any(|line| line.who == self.lines[used].who) {
                true => self.switch_before(freed, format!("{task} is not done with what {other} frees")),
                false => self.switch_before(used, format!("{other} has freed what {task} goes on to use")),
            },
            ..Story::default()
        })
    }
}
