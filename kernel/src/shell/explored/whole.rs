//! What calls answer where each is made while no other is under way, but for one that sleeps: in no order may they
//! answer anything else ([decision
//! 59](../../../../docs/decisions/0059-answers-are-held-against-those-of-whole-calls.md)).

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use kcore::explore::End;
use kcore::module::Wrong;
use kcore::settings::Verdict;

use super::Work;
use crate::module::answers::{self, Answer, told};
use crate::observe::explorer::Mode;

/// What the calls of an execution have answered, each as one.
pub(in crate::shell) type All = BTreeSet<Vec<Answer>>;

/// More orders of whole calls than those of two tasks with six each.
const MOST: u64 = 1_000;

/// What is done with what the calls of an execution answer.
#[derive(Default)]
pub(super) enum Answers {
    #[default]
    Ignored,
    /// It is known from then on; nothing is, where some can be others the next time.
    Known(Option<All>),
    /// It is one of these, or that is wrong.
    Held(All),
}

impl Work {
    /// What calls answer is known from now on.
    pub(in crate::shell) fn gather_answers(&mut self) {
        self.answers = Answers::Known(Some(All::new()));
        answers::keep(true);
    }

    /// What they have answered so far, if all of it can be compared.
    pub(in crate::shell) fn gathered(&self) -> Option<&All> {
        match &self.answers {
            Answers::Known(all) => all.as_ref(),
            Answers::Ignored | Answers::Held(_) => None,
        }
    }

    /// From now on they are to answer what whole calls do. How many executions that has taken; nothing, and all
    /// is as it was, if not all of that is known.
    pub(in crate::shell) fn hold_answers(&mut self) -> Option<u64> {
        let before = core::mem::take(&mut self.answers);
        self.gather_answers();
        self.mode = Mode::Shared;
        let survey = self.survey(Some(MOST));
        self.mode = Mode::Apart;
        let is_known = survey.complete && survey.bad.is_empty() && !self.is_live();
        let all = self.gathered().filter(|_| is_known && survey.trouble.is_none()).cloned();
        self.answers = all.clone().map_or(before, Answers::Held);
        all.map(|_| survey.executions)
    }

    /// How many answers of whole calls there are, against which those of all others are held.
    pub(in crate::shell) fn allowed(&self) -> Option<usize> {
        match &self.answers {
            Answers::Held(all) => Some(all.len()),
            Answers::Ignored | Answers::Known(_) => None,
        }
    }

    /// Whether they may answer all that they have.
    pub(in crate::shell) fn are_allowed(&self, answered: &All) -> bool {
        matches!(&self.answers, Answers::Held(all) if answered.is_subset(all))
    }

    /// The end of an execution that would be `end` but for what the calls have answered.
    pub(super) fn judge_answers(&mut self, end: End) -> End {
        let answered = match self.answers {
            Answers::Ignored => return end,
            _ => answers::take(),
        };
        match (&mut self.answers, answered) {
            (Answers::Known(all), None) => *all = None,
            (Answers::Known(Some(all)), Some(answered)) => drop(all.insert(answered)),
            (Answers::Held(all), Some(answered))
                if end.verdict == Verdict::Clean && !all.contains(&answered) =>
            {
                self.wrong = Some(Wrong::NotAtomic);
                self.note(|| {
                    format!("the calls answer {}, which no order of whole calls gives", told(&answered))
                });
                return End::of_counts(Verdict::Raced, 0, 0);
            }
            _ => {}
        }
        end
    }
}
