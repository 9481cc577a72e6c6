//! What executions came to, for people.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt::Write;

use super::driver::Trouble;
use super::schedule::Schedule;
use super::survey::{Damage, Survey};
use crate::experiment::page::wrap;
use crate::experiment::{Experiment, Resolved};
use crate::probe::Name;
use crate::report::{Explore, Outcome};
use crate::settings::{Expect, Probe, RunSettings, Verdict, With};

/// Characters of a line.
pub const WIDTH: usize = 80;

/// The settings with which `entry` is explored: as `given`, and where they leave a size open, the smallest at
/// which it shows what it shows.
pub fn smallest(given: &RunSettings, entry: &Experiment) -> RunSettings {
    let mut settings = given.clone();
    settings.probe = Some(Probe::Off);
    settings.writers.get_or_insert(entry.smallest.tasks);
    settings.quanta.get_or_insert(entry.smallest.quanta);
    settings.rounds.get_or_insert(1);
    settings
}

/// What is explored, in two lines.
pub fn heading(resolved: &Resolved, memory_model: &str, with: Option<With>) -> String {
    let Resolved { experiment, lock, writers, quanta, rounds, .. } = resolved;
    let plural = |count: u32, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let title = format!("{}: {} ({})", experiment.name, experiment.title, experiment.races.join(", "));
    let what = format!(
        "lock {lock}, {}, {} of work each, {}; all orders of steps that touch the same memory or lock{}{}",
        plural(*writers, "task"),
        plural(*quanta, "unit"),
        plural(*rounds, "round"),
        if memory_model == "tso" { ", stores wait in buffers" } else { "" },
        match with {
            Some(With::Irq) => ", and of an interrupt in each round",
            Some(With::Preempt) => ", and slices that end at any of them",
            Some(With::Signal) => ", and of a signal for each task that waits",
            Some(With::Timeout) => ", and of a deadline for each task that waits",
            Some(With::Enomem) => ", and of an allocation of each task that fails",
            None => "",
        },
    );
    format!("{}\n{}", wrap(&title, WIDTH, "", "  "), wrap(&what, WIDTH, "  ", "  "))
}

/// What is told of a survey.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What was explored.
    pub resolved: &'a Resolved,
    /// What was found.
    pub survey: &'a Survey,
    /// As a word.
    pub memory_model: &'a str,
    /// What else than tasks made steps.
    pub with: Option<With>,
    /// What is to be found.
    pub expected: Expect,
    /// How long it took.
    pub seconds: f64,
}

impl Told<'_> {
    /// The worst that was found. Where executions are missing, that none of those which were made went wrong
    /// says nothing of the others.
    pub fn verdict(&self) -> Verdict {
        match self.worst() {
            _ if self.survey.trouble.is_some() => Verdict::NotTried,
            Some((damage, _)) => damage.verdict(),
            None if self.survey.complete => Verdict::Clean,
            None => Verdict::NotTried,
        }
    }

    /// What went wrong with the fewest switches.
    fn worst(&self) -> Option<(&Damage, &Schedule)> {
        self.survey.bad.iter().min_by_key(|(damage, bad)| (bad.switches(), damage.rank()))
    }

    /// Who makes the steps of the execution that went wrong with the fewest switches, in a line.
    pub fn turns(&self) -> Option<String> {
        let (_, bad) = self.worst()?;
        let tasks = self.resolved.writers;
        let interrupt =
            (self.with == Some(With::Irq)).then(|| format!("; {} is the interrupt", Name(tasks as u8)));
        let interrupt = interrupt.unwrap_or_default();
        let count = self.survey.bad_executions;
        let switches = format!("{} switch{}", bad.switches(), if bad.switches() == 1 { "" } else { "es" });
        Some(format!("Of the {count} that went wrong, one with {switches}: {bad}{interrupt}"))
    }

    /// For programs.
    pub fn record(&self) -> Explore {
        let Survey { executions, complete, deepest, ends, bad_executions, .. } = self.survey;
        let (resolved, verdict) = (self.resolved, self.verdict());
        Explore {
            experiment: resolved.experiment.name.to_string(),
            lock: resolved.lock.to_string(),
            writers: resolved.writers,
            quanta: resolved.quanta,
            rounds: resolved.rounds,
            memory_model: self.memory_model.to_string(),
            with: self.with.iter().map(ToString::to_string).collect(),
            executions: *executions,
            blocked: 0,
            raced: *bad_executions,
            complete: *complete,
            preemptions: None,
            deepest: *deepest as u64,
            seconds: self.seconds,
            verdict,
            expected: self.expected,
            ok: self.survey.trouble.is_none() && self.expected.allows(verdict),
            switches: self.worst().map(|(_, bad)| bad.switches() as u64),
            replay: String::new(),
            outcomes: ends.iter().map(|(end, count)| end.outcome(*count)).collect(),
        }
    }
}

/// How many executions there were, which are such a `share` of all, and how many of them ended how.
pub fn findings(record: &Explore, share: &str) -> String {
    let Explore { executions, blocked, deepest, seconds, outcomes, .. } = record;
    let took = match seconds {
        1.0.. => format!("{seconds:.2} s"),
        short => format!("{:.1} ms", short * 1e3),
    };
    let mut text = format!(
        "  {executions} executions, {share}, in {took} ({:.0}/s); the longest has {deepest} steps\n",
        *executions as f64 / seconds.max(1e-9)
    );
    if *blocked > 0 {
        let _ = writeln!(text, "  {blocked} more were begun, and came to what was known");
    }
    text += "\nexecutions  how they end\n";
    let mut outcomes: Vec<_> = outcomes.iter().collect();
    outcomes.sort_by_key(|outcome| Reverse(outcome.executions));
    let is_harmless = record.with.iter().any(|with| with == With::Enomem.word());
    for outcome in outcomes {
        let how = match outcome.verdict {
            Verdict::NotTried if is_harmless => "out of memory, and nothing lost".to_string(),
            _ => worded(outcome),
        };
        let _ = writeln!(text, "{:>10}  {how}", outcome.executions);
    }
    text
}

/// The verdict, and whether it is what was expected.
pub fn verdict(record: &Explore) -> String {
    let Explore { verdict, expected, ok, complete, preemptions, .. } = record;
    let within =
        preemptions.filter(|_| *verdict == Verdict::Clean && !complete).map(within).unwrap_or_default();
    format!("verdict: {verdict}{within} ({}as expected: {expected})", if *ok { "" } else { "NOT " })
}

/// With no more preemptions than this.
pub fn within(preemptions: u32) -> String {
    match preemptions {
        0 => " without preemptions".to_string(),
        1 => " with at most 1 preemption".to_string(),
        more => format!(" with at most {more} preemptions"),
    }
}

/// How an execution ended, in words.
pub fn worded(end: &Outcome) -> String {
    let counts = [
        (end.leaked, "leaked"),
        (end.lost_updates, "lost"),
        (end.torn, "torn (two writes mixed)"),
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

/// Why a search was broken off.
pub fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Diverged(divergence) => {
            let task = Name(divergence.expected.task);
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
