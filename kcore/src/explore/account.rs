//! What executions came to, for people.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::driver::Trouble;
use super::sheet::Sheet;
use super::survey::Survey;
use crate::counted::Counted;
use crate::experiment::page::wrap;
use crate::experiment::{Experiment, Resolved};
use crate::probe::Name;
use crate::report::{Explore, Outcome};
use crate::settings::{Expect, Probe, RunSettings, Verdict, With};
use crate::sort;

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
    let title = format!("{}: {} ({})", experiment.name, experiment.title, experiment.races.join(", "));
    let what = format!(
        "lock {lock}, {}, {} of work each, {}; all orders of steps that touch the same memory or lock{}{}",
        Counted(u64::from(*writers), "task"),
        Counted(u64::from(*quanta), "unit"),
        Counted(u64::from(*rounds), "round"),
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
    /// The counterexample, with as few switches as it needs.
    pub shortest: Option<&'a Sheet>,
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
        match self.shortest {
            _ if self.survey.trouble.is_some() => Verdict::NotTried,
            Some(sheet) => sheet.end.verdict,
            None if self.survey.complete => Verdict::Clean,
            None => Verdict::NotTried,
        }
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
            switches: self.shortest.map(|sheet| sheet.switches),
            replay: self.shortest.map(|sheet| sheet.replay.clone()).unwrap_or_default(),
            outcomes: ends.iter().map(|(end, count)| end.outcome(*count)).collect(),
        }
    }
}

/// With so many decimals. The library's own way is made for all floats, and takes 16 KiB of a kernel.
struct Fixed<const DECIMALS: usize>(f64);

impl<const DECIMALS: usize> fmt::Display for Fixed<DECIMALS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u64.pow(DECIMALS as u32);
        let units = (self.0 * one as f64 + 0.5) as u64;
        write!(f, "{}.{:0DECIMALS$}", units / one, units % one)
    }
}

/// How many executions there were, which are such a `share` of all, and how many of them ended how.
pub fn findings(record: &Explore, share: &str) -> String {
    let Explore { executions, blocked, deepest, seconds, outcomes, .. } = record;
    let took = match seconds {
        1.0.. => format!("{} s", Fixed::<2>(*seconds)),
        short => format!("{} ms", Fixed::<1>(short * 1e3)),
    };
    let mut text = format!(
        "  {}, {share}, in {took} ({}/s); the longest has {}\n",
        Counted(*executions, "execution"),
        (*executions as f64 / seconds.max(1e-9) + 0.5) as u64,
        Counted(*deepest, "step")
    );
    if *blocked > 0 {
        let _ = writeln!(text, "  {blocked} more were begun, and came to what was known");
    }
    text += "\nexecutions  how they end\n";
    let mut outcomes: Vec<_> = outcomes.iter().collect();
    sort::few(&mut outcomes, |a, b| a.executions > b.executions);
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
    said(format!("{verdict}{within}"), *expected, *ok)
}

/// A verdict, and whether it is `ok`: what was expected.
pub fn said(verdict: impl fmt::Display, expected: Expect, ok: bool) -> String {
    format!("verdict: {verdict} ({}as expected: {expected})", if ok { "" } else { "NOT " })
}

/// With no more preemptions than this.
pub fn within(preemptions: u32) -> String {
    match preemptions {
        0 => " without preemptions".to_string(),
        1 => " with at most 1 preemption".to_string(),
        more => format!(" with at most {more} preemptions"),
    }
}

/// The execution that `what` says it is, and as `again` says, how it is made again; `fewer` says what is
/// known of others.
pub fn counterexample(sheet: &Sheet, what: &str, fewer: Option<&str>, again: &str) -> String {
    let without = match sheet.switches {
        0 => "No task has to be interrupted.",
        _ if fewer.is_some() => fewer.unwrap_or_default(),
        1 => "Without it, it does not go wrong like this:",
        _ => "Without any one of them it does not go wrong like this:",
    };
    let switches = plural(sheet.switches as usize, "switch", "switches");
    let heading = format!("{what} goes wrong has {switches} between {} (>). {without}", sheet.between());
    let heading = wrap(&heading, WIDTH, "", "");
    format!("\n{heading}\n\n{}{again}\n", sheet.text())
}

/// What is typed to make it again, unless that is too long.
pub fn again(string: &str) -> String {
    format!("again: cargo run -- replay {string}")
}

/// A number and its noun.
pub fn plural(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
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
        Trouble::Unrepeated => "what went wrong does not when it is made again".to_string(),
        Trouble::Cannot(what) => format!("{what} cannot be explored"),
        Trouble::Account(why) => format!("the account does not hold: {why}"),
        Trouble::Refused(refusal) => format!("the run could not be made: {refusal:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_as_the_library_does() {
        for value in [0.0, 0.04, 0.06, 1.0, 12.349, 999.96, 1e9] {
            assert_eq!(Fixed::<1>(value).to_string(), format!("{value:.1}"));
            assert_eq!(Fixed::<2>(value).to_string(), format!("{value:.2}"));
        }
    }
}
