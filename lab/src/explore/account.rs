//! What the executions came to, as text and as a record.

use std::fmt::Write;
use std::time::Duration;

use kcore::experiment::Verdict;
use kcore::host::explored::{End, Replay, Survey, Trouble};
use kcore::report::{Explore, Outcome};

use super::choice::Choice;
use super::recipe::Recipe;
use super::{columns, story};

/// Characters of a line.
pub(super) const WIDTH: usize = 80;

/// What was found.
pub(super) struct Account<'a> {
    pub(super) choice: &'a Choice,
    pub(super) survey: Survey,
    pub(super) seconds: f64,
    /// The counterexample, with as few switches as it needs.
    pub(super) shortest: Option<Replay>,
}

impl Account<'_> {
    /// The worst that was found. Where executions are missing, that none of those which were made went wrong says
    /// nothing of the others.
    pub(super) fn verdict(&self) -> Verdict {
        match &self.shortest {
            Some(replay) => replay.end.verdict,
            None if self.survey.complete => Verdict::Clean,
            None => Verdict::NotTried,
        }
    }

    /// Whether it is what was to be found.
    pub(super) fn is_ok(&self) -> bool {
        self.choice.expected.allows(self.verdict())
    }

    fn replay(&self) -> Option<Recipe> {
        self.shortest.as_ref().map(|replay| Recipe::of(self.choice, &replay.made))
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Survey { executions, complete, deepest, ends, bad_executions, .. } = &self.survey;
        let mut text = String::new();
        let share = if *complete { "all" } else { "not all" };
        let took = match self.seconds {
            1.0.. => format!("{:.2} s", self.seconds),
            short => format!("{:.1} ms", short * 1e3),
        };
        let _ = writeln!(
            text,
            "  {executions} executions, {share}, in {took} ({:.0}/s); the longest has {deepest} steps\n",
            *executions as f64 / self.seconds.max(1e-9)
        );
        let _ = writeln!(text, "executions  how they end");
        let mut ends: Vec<_> = ends.iter().collect();
        ends.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (end, count) in ends {
            let _ = writeln!(text, "{count:>10}  {}", worded(end));
        }
        if let Some(replay) = &self.shortest {
            let _ = writeln!(
                text,
                "\nOf the {bad_executions} that went wrong, one with {} between tasks (>); without\n\
                 any of them it does not go wrong so:\n",
                plural(replay.made.switches(), "switch", "switches")
            );
            let _ = writeln!(text, "{}", columns::render(replay));
            text += &story::tell(replay);
        }
        if let Some(recipe) = self.replay() {
            let _ = writeln!(text, "again: cargo run -- replay {recipe}");
        }
        let _ = write!(text, "verdict: {}", said(self.choice, self.verdict()));
        text
    }

    /// For programs.
    pub(super) fn record(&self) -> Explore {
        let Survey { executions, complete, deepest, ends, bad_executions, .. } = &self.survey;
        let resolved = &self.choice.resolved;
        Explore {
            experiment: self.choice.name().to_string(),
            lock: resolved.lock.to_string(),
            writers: resolved.writers,
            quanta: resolved.quanta,
            rounds: resolved.rounds,
            memory_model: self.choice.model.word().to_string(),
            with: Vec::new(),
            executions: *executions,
            blocked: 0,
            raced: *bad_executions,
            complete: *complete,
            deepest: *deepest as u64,
            seconds: self.seconds,
            verdict: self.verdict(),
            expected: self.choice.expected,
            ok: self.is_ok(),
            switches: self.shortest.as_ref().map(|replay| replay.made.switches() as u64),
            replay: self.replay().map(|recipe| recipe.to_string()).unwrap_or_default(),
            outcomes: ends.iter().map(|(end, count)| outcome(end, *count)).collect(),
        }
    }
}

/// A number and its noun.
pub(super) fn plural(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn outcome(end: &End, executions: u64) -> Outcome {
    Outcome {
        verdict: end.verdict,
        leaked: end.leaked,
        lost_updates: end.lost_updates,
        torn: end.torn,
        use_after_free: end.use_after_free,
        double_free: end.double_free,
        out_of_bounds: end.out_of_bounds,
        owners: end.owners,
        stopped: Some(end.verdict).filter(|verdict| verdict.is_stop()),
        executions,
    }
}

/// How far a search is.
pub(super) fn progress(survey: &Survey, took: Duration) -> String {
    let rate = survey.executions as f64 / took.as_secs_f64().max(1e-9);
    let wrong = match survey.bad_executions {
        0 => "none wrong".to_string(),
        bad => format!("{bad} wrong"),
    };
    format!(
        "{} executions, {wrong}; {rate:.0}/s, the longest has {} steps",
        survey.executions, survey.deepest
    )
}

/// How an execution ended, in words.
pub(super) fn worded(end: &End) -> String {
    let counts = [
        (end.leaked, "leaked"),
        (end.lost_updates, "lost"),
        (end.torn, "torn"),
        (end.use_after_free, "used after free"),
        (end.double_free, "freed twice"),
        (end.out_of_bounds, "out of bounds"),
    ];
    let mut words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if end.owners > 1 {
        words.push(format!("{} owners at once", end.owners));
    }
    match words.is_empty() {
        true => end.verdict.to_string(),
        false => format!("{}: {}", end.verdict, words.join(", ")),
    }
}

/// A verdict, and whether it is what was expected.
pub(super) fn said(choice: &Choice, verdict: Verdict) -> String {
    let not = if choice.expected.allows(verdict) { "" } else { "NOT " };
    format!("{verdict} ({not}as expected: {})", choice.expected)
}

/// Why a search was broken off.
pub(super) fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Diverged(divergence) => {
            let task = kcore::probe::Name(divergence.expected.task);
            format!(
                "after {} steps of an execution that was made before {task} does something else: {:?}, and not {:?}. \
                 What decides that, no task tells of",
                divergence.at, divergence.seen, divergence.expected.step
            )
        }
        Trouble::Redundant => "an execution was made twice".to_string(),
        Trouble::Cannot(what) => format!("{what} cannot be explored"),
        Trouble::Account(why) => format!("the account does not hold: {why}"),
        Trouble::Refused(refusal) => format!("the run could not be made: {refusal:?}"),
    }
}
