//! What the executions came to, as text and as a record.

use std::time::Duration;

use kcore::counted::Counted;
use kcore::experiment::Verdict;
use kcore::explore::account::{self, Told, within};
use kcore::explore::sheet::Sheet;
use kcore::explore::{Replay, Survey};
use kcore::host::explored::{Progress, Walk};
use kcore::report::Explore;

use super::checkpoint::Checkpoint;
use super::choice::Choice;
use super::{recipe, walk};
use crate::status::Failure;

/// What was found.
pub(super) struct Account<'a> {
    pub(super) choice: &'a Choice,
    pub(super) survey: Survey,
    /// Which part of all it is of, if it is of one.
    part: Option<(usize, usize)>,
    /// Whether there is nothing left to be made of that part.
    is_made: bool,
    seconds: f64,
    /// What else is known if those with few preemptions were made.
    walk: Option<Walk>,
    /// The search was broken off: with so many preemptions at most nothing goes wrong, if that is known.
    right: Option<u32>,
    /// The counterexample, with as few switches as it needs.
    pub(super) shortest: Option<Replay>,
}

impl<'a> Account<'a> {
    /// Of what is known; its counterexamples are made again.
    pub(super) fn of(choice: &'a Choice, known: Checkpoint) -> Result<Self, Failure> {
        let shortest = super::shortest(choice, &known.survey, u32::MAX)?;
        let (part, is_made) = (known.part(), known.frontier.parts() == 0);
        let Checkpoint { survey, seconds, .. } = known;
        Ok(Account { choice, survey, part, is_made, seconds, walk: None, right: None, shortest })
    }

    /// Of what is known of executions with few preemptions.
    pub(super) fn of_walk(choice: &'a Choice, mut walk: Walk, seconds: f64) -> Result<Self, Failure> {
        let survey = std::mem::take(&mut walk.survey);
        let shortest = super::shortest(choice, &survey, walk.last)?;
        Ok(Account {
            choice,
            survey,
            part: None,
            is_made: false,
            seconds,
            walk: Some(walk),
            right: None,
            shortest,
        })
    }

    /// Where a search was broken off that has found something: finds what is shorter, if there is.
    pub(super) fn shortened(mut self) -> Result<Self, Failure> {
        if let Some(found) = self.shortest.as_ref().filter(|_| !self.survey.complete && self.part.is_none()) {
            let (shorter, right) = walk::shorter(self.choice, found)?;
            self.right = right;
            self.shortest = shorter.or(self.shortest);
        }
        Ok(self)
    }

    /// The worst that was found.
    pub(super) fn verdict(&self) -> Verdict {
        match &self.shortest {
            Some(replay) => replay.end.verdict,
            None if self.survey.complete || self.is_bound_reached() => Verdict::Clean,
            None => Verdict::NotTried,
        }
    }

    /// Whether all with so few preemptions were made as were asked for.
    fn is_bound_reached(&self) -> bool {
        let most = self.choice.settings.preemptions;
        most.is_some() && self.walk.as_ref().is_some_and(|walk| walk.preemptions >= most)
    }

    /// Whether it is what was to be found. A part of all executions may have none of those that are wrong.
    pub(super) fn is_ok(&self) -> bool {
        let is_part = self.part.is_some() && self.is_made && self.shortest.is_none();
        is_part || self.choice.expected.allows(self.verdict())
    }

    /// The counterexample as people read it.
    pub(super) fn sheet(&self) -> Option<Sheet> {
        self.shortest.as_ref().map(|replay| self.choice.sheet(replay))
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let record = self.record();
        let mut text = account::findings(&record, &self.share());
        if let Some((replay, sheet)) = self.shortest.as_ref().zip(self.sheet()) {
            let what = match self.walk {
                Some(_) => "With as few preemptions as it takes, the shortest that",
                None if self.survey.complete => "The shortest that",
                None => "The shortest found that",
            };
            let fewer = match replay.preemptions {
                0 => "No task that could go on is kept from it:".to_string(),
                1 => "Without preemptions nothing goes wrong:".to_string(),
                more => format!("With fewer than {more} preemptions nothing goes wrong:"),
            };
            let fewer = self.walk.is_some().then_some(fewer.as_str());
            let right =
                self.right.map(|right| format!("None{} goes wrong. ", within(right))).unwrap_or_default();
            let again = recipe::again(&sheet.replay);
            text += &account::counterexample(&sheet, &(right + what), fewer, &again);
        }
        text += &match self.part {
            Some(_) if self.shortest.is_none() => {
                "no verdict yet: that takes all parts (try merge)".to_string()
            }
            _ => account::verdict(&record),
        };
        text
    }

    /// Which of all executions were made.
    fn share(&self) -> String {
        match (self.part, &self.walk) {
            _ if self.survey.complete => "all there are".to_string(),
            (None, Some(Walk { preemptions: None, .. })) => "not all without preemptions".to_string(),
            (None, Some(Walk { preemptions: Some(all), last, .. })) => {
                let some = if *last > *all { ", and some with more" } else { "" };
                format!("all{}{some}", within(*all))
            }
            (None, None) => "not all".to_string(),
            (Some((number, of)), _) if self.is_made => format!("part {number} of {of}"),
            (Some((number, of)), _) => format!("not all of part {number} of {of}"),
        }
    }

    /// For programs.
    pub(super) fn record(&self) -> Explore {
        let sheet = self.sheet();
        let told = Told {
            resolved: &self.choice.resolved,
            survey: &self.survey,
            shortest: sheet.as_ref(),
            memory_model: self.choice.model.word(),
            with: self.choice.settings.with,
            expected: self.choice.expected,
            seconds: self.seconds,
        };
        Explore {
            blocked: self.walk.as_ref().map_or(0, |walk| walk.in_vain),
            preemptions: self.walk.as_ref().and_then(|walk| walk.preemptions),
            verdict: self.verdict(),
            ok: self.is_ok(),
            ..told.record()
        }
    }
}

/// How far a search is, which has made the last of its executions `lately`, and works for so long.
pub(super) fn progress(seen: &Progress, made: u64, lately: Duration, works: Duration) -> String {
    let rate = made as f64 / lately.as_secs_f64().max(1e-9);
    let wrong = if seen.bad == 0 { "none wrong".to_string() } else { format!("{} wrong", seen.bad) };
    let left = works.as_secs_f64() * (1.0 - seen.share) / seen.share;
    let left = match left {
        0.0..90.0 => format!(", {left:.0} s left"),
        90.0..5400.0 => format!(", {:.0} min left", left / 60.0),
        5400.0..360_000.0 => format!(", {:.0} h left", left / 3600.0),
        _ => String::new(),
    };
    let share = match seen.share * 100.0 {
        share @ ..0.1 => format!("{share:.4}"),
        share => format!("{share:.1}"),
    };
    let executions = Counted(seen.executions, "execution");
    format!("{executions}, {wrong}; {rate:.0}/s; about {share} %{left}")
}
