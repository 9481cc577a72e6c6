//! What is written down of an execution that people will read.

use core::ptr::NonNull;
use std::collections::BTreeSet;
use std::string::String;

use super::task::Task;
use super::world::World;
use crate::event::{Op, Outcome};
use crate::explore::{Allocated, Line, Of};
use crate::machine::Kind;
use crate::place::Place;

impl World {
    /// Task `who` is about to make its step.
    #[cold]
    pub(super) fn write_down(&mut self, who: u8) {
        let Task { of, at, .. } = self.tasks[usize::from(who)];
        let line = Line::new(who, self.pending(who).expect("a task that runs has a step to make"), of, at);
        let word = self.word_at(&line).map(|before| [before; 2]);
        if let Some(transcript) = &mut self.transcript {
            transcript.lines.push(Line { word, ..line });
        }
    }

    /// The last step of task `who` is made.
    pub(super) fn note_word_after(&mut self, who: u8) {
        let last = self.transcript.as_ref().and_then(|transcript| transcript.lines.last());
        let now = last.filter(|line| line.who == who).and_then(|line| self.word_at(line));
        let last = self.transcript.as_mut().and_then(|transcript| transcript.lines.last_mut());
        if let Some((now, [_, after])) = now.zip(last.and_then(|line| line.word.as_mut())) {
            *after = now;
        }
    }

    /// What is in the word that `line` is an access to, if it is to one.
    fn word_at(&self, line: &Line) -> Option<usize> {
        let size = line.step.size as usize;
        let is_word = matches!(line.of, Of::Access(_, op) if !matches!(op, Op::Read | Op::Write | Op::Clear));
        let mut bytes = [0; size_of::<usize>()];
        let from: *const u8 = core::ptr::with_exposed_provenance(self.region.address(line.step.object.0));
        let to = bytes.get_mut(..size).filter(|_| is_word)?;
        // SAFETY: a task has made this access, or is about to: the word is one of its own, of a static, or of
        // a block, and all of these stay mapped as long as the execution. No task runs meanwhile.
        unsafe { from.copy_to_nonoverlapping(to.as_mut_ptr(), size) };
        Some(usize::from_ne_bytes(bytes))
    }

    /// The running task has allocated a block.
    pub(super) fn note_block(&mut self, start: NonNull<u8>, size: usize, kind: Kind, at: Place) {
        if let (Some(transcript), Some(who)) = (&mut self.transcript, self.turn) {
            let (after, address) = (transcript.lines.len(), start.addr().get());
            transcript.blocks.push(Allocated { who, after, address, size, kind, at, is_lost: false });
        }
    }

    /// The experiment has said so.
    pub(super) fn note_words(&mut self, notes: &[String]) {
        if let Some(transcript) = &mut self.transcript {
            transcript.notes = notes.to_vec();
        }
    }

    /// Of the blocks of the kinds that make up a device, those at `reachable` are not lost.
    pub(super) fn note_lost(&mut self, reachable: &BTreeSet<usize>) {
        let Self { arena, transcript, .. } = self;
        let blocks = transcript.iter_mut().flat_map(|transcript| &mut transcript.blocks);
        for block in blocks.filter(|block| block.kind != Kind::Other) {
            block.is_lost |= arena.is_live(block.address) && !reachable.contains(&block.address);
        }
    }

    /// What the step came to that was made last.
    pub(super) fn note_outcome(&mut self, outcome: Outcome) {
        if let (Some(transcript), Some(who)) = (&mut self.transcript, self.turn) {
            transcript.note(who, outcome);
        }
    }
}
