//! What is written down of an execution that people will read.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::event::{Op, Outcome};
use kcore::explore::{Act, Allocated, Driver, End, Line, Of, Replay, Step, Transcript};
use kcore::machine::{Kind, TaskId};
use kcore::place::Place;
use kcore::probe::Name;
use kcore::sort;

use super::turns::{made, with};
use super::world::World;
use crate::layout;
use crate::mm::{heap, images, stacks};

/// Executions are written down.
static IS_WRITTEN_DOWN: AtomicBool = AtomicBool::new(false);

/// The execution that is made next is written down.
pub fn write_down() {
    with(|world| world.transcript = Some(Transcript::default()));
    IS_WRITTEN_DOWN.store(true, Relaxed);
}

/// Whether that is so of the one under way: people will read what is said of it.
pub fn is_written_down() -> bool {
    IS_WRITTEN_DOWN.load(Relaxed)
}

/// What was made, while a [`Driver::Follow`] decides, and has ended so; the experiment says of it what
/// `notes` say.
pub fn replayed(end: End, notes: Vec<String>) -> Replay {
    let made = made();
    IS_WRITTEN_DOWN.store(false, Relaxed);
    with(|world| {
        let Driver::Follow(follow) = &world.driver else { unreachable!("it was made for a schedule") };
        let (parted, preemptions) = (follow.parted(), follow.preemptions());
        Replay {
            end,
            made,
            preemptions,
            parted,
            finding: world.finding(),
            transcript: Transcript { notes, ..world.transcript.take().unwrap_or_default() },
            trouble: None,
        }
    })
}

/// Of the blocks that parts have allocated, those are lost of which `lost` says so, and how many bytes.
pub fn note_lost(lost: impl Fn(&Allocated) -> Option<usize>) {
    with(|world| {
        let blocks = world.transcript.iter_mut().flat_map(|transcript| &mut transcript.blocks);
        let counts = |block: &Allocated| block.kind != Kind::Other || block.at.of_driver().is_some();
        for block in blocks.filter(|block| counts(block)) {
            if let Some(bytes) = lost(block) {
                (block.is_lost, block.size) = (true, bytes);
            }
        }
    });
}

impl World {
    /// Part `who` makes its step. What parts do with the CPU that they share is none of their own; that the
    /// interrupt comes is.
    pub(super) fn write_step_down(&mut self, who: u8, step: Step) {
        if self.transcript.is_none() {
            return;
        }
        self.note_word_after();
        let part = &self.parts[usize::from(who)];
        let (mut of, mut at) = (part.of, part.at);
        if let Of::Nothing = of {
            return;
        }
        if let Of::Cpu = of {
            let below = self.turn.filter(|below| self.interrupt() == Some(who) && *below != who);
            let Some(below) = below else { return };
            (of, at) = (Of::Comes, self.parts[usize::from(below)].at);
        }
        let (has_got, word) = (part.has_got, word_at(part.of, step, part.address).map(|word| [word; 2]));
        let outcome = match (of, step.act, word) {
            (Of::Access(..), Act::Load, Some([word, _])) => Some(Outcome::Saw(word)),
            (_, Act::TryTake { .. }, _) if !has_got => Some(Outcome::Failed),
            _ => None,
        };
        self.touched = part.address;
        if let Some(transcript) = &mut self.transcript {
            transcript.lines.push(Line { word, outcome, ..Line::new(who, step, of, at) });
        }
    }

    /// The step that was written down last is made.
    pub(super) fn note_word_after(&mut self) {
        let last = self.transcript.as_mut().and_then(|transcript| transcript.lines.last_mut());
        let Some(Line { of, step, word: Some([_, after]), outcome, .. }) = last else { return };
        *after = word_at(*of, *step, self.touched).unwrap_or(*after);
        if let Of::Access(_, op @ Op::Assign) = of {
            *op = Op::Store(*after);
        }
        if let Of::Access(_, Op::Swap(value)) = of
            && value != after
        {
            *outcome = Some(Outcome::Failed);
        }
    }

    /// The part that runs has allocated a block.
    pub(super) fn note_block(&mut self, address: usize, size: usize, at: Place) {
        let Some((transcript, who)) = self.transcript.as_mut().zip(self.turn) else { return };
        let kind = heap::lookup(address).map(|record| record.allocation.kind);
        let (after, kind) = (transcript.lines.len(), kind.unwrap_or(Kind::Other));
        transcript.blocks.push(Allocated { who, after, address, size, kind, at, is_lost: false });
    }

    /// No part can go on: what each of them wants that is not through, and has begun.
    pub(super) fn note_waiting(&mut self) {
        self.note_word_after();
        let waiting = self.parts.iter().zip(&self.wants).zip(0..).filter_map(|((part, want), who)| {
            let has_begun = part.task != TaskId(0) && !part.is_through && !part.is_idle;
            let is_told = !matches!(part.of, Of::Nothing);
            (has_begun && is_told).then(|| Some(Line::new(who, (*want)?.step, part.of, part.at)))?
        });
        let mut waiting: Vec<Line> = waiting.collect();
        let is_cpu = |line: &Line| matches!(line.of, Of::Cpu);
        sort::few(&mut waiting, |a, b| !is_cpu(a) && is_cpu(b));
        if let Some(transcript) = &mut self.transcript {
            transcript.waiting = waiting;
        }
    }

    /// What is wrong, in words.
    fn finding(&self) -> Option<String> {
        let name = |task: TaskId| {
            self.part_of(task).map_or_else(|| String::from("a task"), |who| Name(who).to_string())
        };
        self.session.found().map(|finding| finding.display(name).to_string())
    }
}

/// What is in the word at `address`, if `step` is an access to one that is the heap's, a variable, or on a
/// stack.
fn word_at(of: Of, step: Step, address: usize) -> Option<usize> {
    let is_word = matches!(of, Of::Access(_, op) if !matches!(op, Op::Read | Op::Write | Op::Clear));
    let mut bytes = [0; size_of::<usize>()];
    let to = bytes.get_mut(..step.size as usize).filter(|_| is_word)?;
    let (begin, end) = (address as u64, address.checked_add(to.len())? as u64);
    let (heap, variables) = (heap::extent(), layout::data());
    let is_there = heap.start as u64 <= begin && end <= heap.end as u64
        || variables.start <= begin && end <= variables.end && !stacks::is_guard(begin)
        || stacks::contains(begin, end - begin)
        || images::variables().any(|variables| variables.start <= begin && end <= variables.end);
    let from: *const u8 = core::ptr::with_exposed_provenance(address);
    if !is_there {
        return None;
    }
    // SAFETY: what is there is mapped. All parts wait, so none stores there meanwhile.
    unsafe { from.copy_to_nonoverlapping(to.as_mut_ptr(), to.len()) };
    Some(usize::from_ne_bytes(bytes))
}
