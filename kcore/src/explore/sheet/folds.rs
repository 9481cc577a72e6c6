//! Which rows of an execution are turns of a loop that say nothing new.

use alloc::vec;
use alloc::vec::Vec;
use core::mem::discriminant;

use crate::explore::{Line, Of, Transcript};

use super::scene::{Fold, Row};

/// Steps of one turn at most.
const LONGEST: usize = 32;
/// Fewer rows than that are shown.
const LEAST: usize = 8;

/// The steps of an execution, in which loops are looked for.
pub(super) struct Loops<'a> {
    transcript: &'a Transcript,
    rows: &'a [Row],
    /// The row of each step.
    steps: &'a [usize],
    /// Of each row, whether it stays by itself.
    stays: Vec<bool>,
}

impl<'a> Loops<'a> {
    /// Rows that have a part in what went wrong stay, and so do those `told` of.
    pub(super) fn new(
        transcript: &'a Transcript,
        rows: &'a [Row],
        steps: &'a [usize],
        told: impl Iterator<Item = usize>,
    ) -> Self {
        let mut stays = vec![false; rows.len() + 1];
        told.for_each(|row| stays[row.min(rows.len())] = true);
        for (row, stays) in rows.iter().zip(&mut stays) {
            *stays |= row.mark.is_some() || !row.note.is_empty() || row.switch.is_some();
        }
        Loops { transcript, rows, steps, stays }
    }

    /// Of each loop, the rows between its first turn and its last.
    pub(super) fn folds(&self) -> Vec<Fold> {
        let (mut folds, mut at) = (Vec::new(), 0);
        while at < self.steps.len() {
            let found = (1..=LONGEST).find_map(|turn| Some((turn, self.more(at, turn)?)));
            let Some((turn, more)) = found else {
                at += 1;
                continue;
            };
            let (from, behind) = (at + turn, at + turn + more);
            folds.push(Fold { from: self.steps[from], to: self.steps[behind - 1], turn });
            at = behind + turn;
        }
        folds
    }

    /// How many steps are between the first and the last of some turns of so many steps, which begin at step
    /// `at`.
    fn more(&self, at: usize, turn: usize) -> Option<usize> {
        let again = (at..self.steps.len().saturating_sub(turn)).take_while(|step| self.is_again(*step, turn));
        let more = (again.count() / turn).checked_sub(1)? * turn;
        (more >= LEAST).then_some(more)
    }

    /// Whether step `at` is made once more a `turn` later, and nothing but steps of its task is between.
    fn is_again(&self, at: usize, turn: usize) -> bool {
        let rows = [at, at + turn].map(|step| self.steps[step]);
        let is_unbroken = rows[1] - rows[0] == turn && self.rows[rows[0]].task == self.rows[rows[1]].task;
        is_unbroken && !self.stays[rows[1]] && self.are_alike([at, at + turn])
    }

    /// Whether two steps do the same at the same place. If other tasks notice, these notice the same of both.
    fn are_alike(&self, steps: [usize; 2]) -> bool {
        let [one, other] = steps.map(|step| &self.transcript.lines[step]);
        let [row, later] = steps.map(|step| &self.rows[self.steps[step]]);
        let is_same = one.at == other.at
            && (one.step.act, one.step.size) == (other.step.act, other.step.size)
            && one.buffered_since.is_none()
            && other.buffered_since.is_none()
            && one.outcome.map(|outcome| discriminant(&outcome))
                == other.outcome.map(|outcome| discriminant(&outcome));
        let is_same_thing = || match (one.of, other.of) {
            (Of::Access(site, op), Of::Access(again, then)) => {
                site.name == again.name && discriminant(&op) == discriminant(&then)
            }
            (Of::Block(..), Of::Block(..)) => true,
            _ => row.what == later.what,
        };
        let are_dull = row.is_dull && later.is_dull;
        is_same && is_same_thing() && (are_dull || self.meet_the_same(one, other))
    }

    /// Whether two steps see and leave the same, and the same steps of other tasks are in conflict with both.
    fn meet_the_same(&self, one: &Line, other: &Line) -> bool {
        let Transcript { lines, waiting, .. } = self.transcript;
        let mut others = lines.iter().chain(waiting).filter(|line| line.who != one.who);
        (one.outcome, one.word) == (other.outcome, other.word)
            && others.all(|line| line.step.conflicts(&one.step) == line.step.conflicts(&other.step))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::string::String;

    use super::super::scene::Kind;
    use super::*;
    use crate::event::{Op, Outcome, Site};
    use crate::explore::{Act, Object, Step};
    use crate::place::Place;

    static SITES: [Site; 2] = [Site::new("slot"), Site::new("array")];

    /// Looks of a task, of which each second one goes a word further, at nothing; `others`: all words that
    /// another task stores to when it goes on.
    fn looks(count: u64, others: Range<u64>) -> (Transcript, Vec<Row>) {
        let at = Place::caller();
        let line = |who, site, object, size, act, op| {
            let of = Of::Access(&SITES[site], op);
            Line::new(who, Step { object: Object(object), size, act }, of, at)
        };
        let look = |step: u64| {
            let object = if step.is_multiple_of(2) { 0 } else { 8 * step };
            let line = line(0, (step % 2) as usize, object, 8, Act::Load, Op::Load);
            Line { outcome: Some(Outcome::Saw(0)), word: Some([0; 2]), ..line }
        };
        let store = line(1, 0, others.start, others.end - others.start, Act::Store, Op::Clear);
        let lines: Vec<_> = (0..count).map(look).chain([store]).collect();
        let row = |(at, line): (usize, &Line)| Row {
            task: usize::from(line.who),
            kind: Kind::Step(at + 1),
            what: String::new(),
            place: String::new(),
            is_dull: !lines.iter().any(|other| other.who != line.who && other.step.conflicts(&line.step)),
            mark: None,
            note: String::new(),
            switch: (line.who == 1).then(String::new),
        };
        let rows = lines.iter().enumerate().map(row).collect();
        (Transcript { lines, ..Transcript::default() }, rows)
    }

    fn folds(of: &(Transcript, Vec<Row>), told: &[usize]) -> Vec<[usize; 2]> {
        let steps: Vec<_> = (0..of.1.len()).collect();
        let folds = Loops::new(&of.0, &of.1, &steps, told.iter().copied()).folds();
        folds.iter().map(|fold| [fold.from, fold.to]).collect()
    }

    #[test]
    fn a_loop_is_folded_between_its_first_turn_and_its_last() {
        assert_eq!(folds(&looks(40, 1000..1008), &[]), [[2, 37]]);
        assert_eq!(folds(&looks(40, 0..1000), &[]), [[2, 37]]);
        assert!(folds(&looks(8, 1000..1008), &[]).is_empty());
    }

    #[test]
    fn what_is_told_and_what_another_task_notices_alone_stays() {
        // Of the array, another task stores to the word of step 21.
        let noticed = folds(&looks(40, 168..176), &[]);
        assert_eq!(noticed, [[2, 17], [24, 37]]);
        let told = folds(&looks(40, 1000..1008), &[20]);
        assert!(!told.is_empty() && told.iter().all(|[from, to]| !(*from..=*to).contains(&20)), "{told:?}");
        let mut other = looks(40, 1000..1008);
        other.0.lines[20].outcome = Some(Outcome::Saw(1));
        assert_eq!(folds(&other, &[]), [[2, 37]], "no other task notices");
        let mut other = looks(40, 0..1000);
        other.0.lines[20].outcome = Some(Outcome::Saw(1));
        assert!(folds(&other, &[]).iter().all(|[from, to]| !(*from..=*to).contains(&20)));
    }
}
