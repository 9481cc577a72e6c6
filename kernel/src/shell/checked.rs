//! What is tried with a driver in C by itself, without a word of its author, and what is found.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter;

use kcore::event::Waiting;
use kcore::explore::account;
use kcore::explore::sheet::Sheet;
use kcore::explore::{Of, Replay, Schedule, Survey};
use kcore::probe::Name;
use kcore::report::place;
use kcore::settings::Verdict;
use kcore::shell::parse;

use super::explored::{Fault, Work, recipe};

/// Executions of one trial at most.
const MOST: u64 = 200;
/// Calls that are made to fail in one line at most, one after the other.
const FAULTS: u32 = 40;

/// What is wrong, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    Death,
    Memory,
    Standstill,
    Context,
    Leak,
    Left,
    Other,
    Sleep,
    Race,
}

impl Wrong {
    pub(super) fn word(self) -> &'static str {
        match self {
            Wrong::Death => "death",
            Wrong::Memory => "memory",
            Wrong::Standstill => "deadlock",
            Wrong::Context => "invalid-context",
            Wrong::Leak => "leak",
            Wrong::Left => "left-behind",
            Wrong::Other => "wrong",
            Wrong::Sleep => "sleeps-for-ever",
            Wrong::Race => "data-race",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) kind: Wrong,
    /// The first line of the driver that it is about; empty when none is known.
    pub(super) at: String,
    pub(super) what: String,
    pub(super) tasks: Vec<String>,
    pub(super) fault: Option<Fault>,
    pub(super) made: Schedule,
    /// Of so many executions so many are wrong.
    pub(super) share: (u64, u64),
}

/// What is done with a driver, and what was found so far.
pub(super) struct Checker<'a> {
    work: Work,
    module: &'a str,
    tell: &'a mut dyn FnMut(&str),
    pub(super) found: Vec<Finding>,
    /// Executions that were made, and trials of which not all were.
    pub(super) executions: u64,
    pub(super) trials: u64,
    /// Trials that say nothing, and why.
    pub(super) troubled: Vec<String>,
    pub(super) cut: u64,
}

/// What a trial came to, besides what was found.
struct Trial {
    /// In each execution a task sleeps for ever, and has no lock.
    waits: bool,
    /// The call that was to fail was made.
    has_failed: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn new(work: Work, module: &'a str, tell: &'a mut dyn FnMut(&str)) -> Self {
        Checker {
            work,
            module,
            tell,
            found: Vec::new(),
            executions: 0,
            trials: 0,
            troubled: Vec::new(),
            cut: 0,
        }
    }

    /// Tries all; `commands` are numbers for ioctl. What was found, the worst first.
    pub(super) fn run(mut self, commands: &[String]) -> Self {
        self.attempt(&["true"], None);
        if !self.troubled.is_empty() {
            self.work.finish();
            return self;
        }
        self.fail("true", Fault::Init);
        let devices = self.work.names();
        let files = self.work.paths();
        if devices.is_empty() && files.is_empty() {
            (self.tell)("it makes no device and no file: only its init and its exit are tried");
        }
        let mut waiting = BTreeSet::new();
        let files: Vec<String> = files.iter().map(|path| format!("cat {path}")).collect();
        for device in &devices {
            let lines = lines(device, commands);
            let lines = || lines.iter().chain(&files);
            lines().for_each(|line| self.alone(line, &mut waiting));
            self.together(&lines().map(String::as_str).collect::<Vec<_>>(), &waiting);
        }
        if devices.is_empty() {
            files.iter().for_each(|line| self.alone(line, &mut waiting));
        }
        self.found.sort_by(|a, b| (a.kind, &a.at).cmp(&(b.kind, &b.at)));
        self.work.finish();
        self
    }

    /// One task does `line`, and then what it does fails.
    fn alone(&mut self, line: &str, waiting: &mut BTreeSet<String>) {
        if self.attempt(&[line], None).waits {
            waiting.insert(line.to_string());
            return;
        }
        let twice = format!("{line}; {line}");
        if self.attempt(&[&twice], None).waits {
            return;
        }
        self.fail(&twice, Fault::Memory);
        self.fail(&twice, Fault::Copy);
    }

    /// Each call of a kind fails, one after the other.
    fn fail(&mut self, line: &str, fault: fn(u32) -> Fault) {
        for which in 1..=FAULTS {
            if !self.attempt(&[line], Some(fault(which))).has_failed {
                return;
            }
        }
    }

    /// Two tasks do two of the lines, and three the first.
    fn together(&mut self, lines: &[&str], waiting: &BTreeSet<String>) {
        let is_command = |line: &str| line.starts_with("ioctl");
        for (index, first) in lines.iter().enumerate() {
            for second in &lines[index..] {
                let both_wait = waiting.contains(*first) && waiting.contains(*second);
                if both_wait || first != second && is_command(first) && is_command(second) {
                    continue;
                }
                self.attempt(&[first, second], None);
            }
        }
        if let Some(first) = lines.first().filter(|line| !waiting.contains(**line)) {
            self.attempt(&[*first; 3], None);
        }
    }

    fn attempt(&mut self, tasks: &[&str], fault: Option<Fault>) -> Trial {
        let fails = fault.map_or_else(String::new, |fault| format!(", {fault} fails"));
        (self.tell)(&format!("  {}{fails}", tasks.join(" | ")));
        self.trials += 1;
        let lists = tasks.iter().filter_map(|line| parse(line).ok()).collect();
        self.work.change(lists, fault);
        let survey = self.work.survey(Some(MOST));
        let has_failed = self.work.has_failed();
        if let Some(trouble) = &survey.trouble {
            self.troubled.push(format!("{}: {}", tasks.join(" | "), account::trouble(trouble)));
        }
        self.executions += survey.executions;
        self.cut += u64::from(!survey.complete && survey.trouble.is_none());
        let mut waits = survey.executions > 0;
        let races: Vec<_> = self.work.races().to_vec();
        for schedule in survey.bad.values() {
            let again = |schedule: &Schedule| Some(self.work.replay(schedule, None, false));
            let Some(replay) = Replay::minimised(schedule, u32::MAX, again) else { continue };
            if let Some(trouble) = &replay.trouble {
                self.troubled.push(format!("{}: {}", tasks.join(" | "), account::trouble(trouble)));
                continue;
            }
            let kind = kind(&replay);
            let is_all = survey.bad_executions == survey.executions && survey.bad.len() == 1;
            waits &= kind == Wrong::Sleep && is_all;
            if kind != Wrong::Sleep || !is_all {
                let finding = self.finding(kind, &replay, &survey, tasks, fault);
                self.note(finding);
            }
        }
        waits &= !survey.bad.is_empty();
        for race in races {
            let at = race
                .accesses
                .iter()
                .find(|access| access.stores)
                .map_or("".into(), |access| place(access.at));
            let (what, made) = (race.to_string(), race.made.clone());
            let tasks = tasks.iter().map(ToString::to_string).collect();
            let share = (0, survey.executions);
            self.note(Finding { kind: Wrong::Race, at, what, tasks, fault, made, share });
        }
        Trial { waits, has_failed }
    }

    fn finding(
        &self,
        kind: Wrong,
        replay: &Replay,
        survey: &Survey,
        tasks: &[&str],
        fault: Option<Fault>,
    ) -> Finding {
        let sheet = Sheet::of(replay, &recipe(self.module, tasks.len()));
        let notes = replay.transcript.notes.iter().map(|note| format!("{note}."));
        let story = sheet.story.iter().filter(|told| !told.starts_with("The experiment says")).cloned();
        let sleeper = replay.transcript.waiting.first().filter(|_| kind == Wrong::Sleep);
        let sleeps = sleeper
            .map(|line| format!("{} sleeps for ever, and in other orders it does not.", Name(line.who)));
        let story = story.filter(|_| sleeps.is_none());
        let what = notes.chain(sleeps.clone()).chain(story).collect::<Vec<_>>().join(" ");
        let waits = matches!(kind, Wrong::Standstill | Wrong::Sleep);
        let waiting = replay.transcript.waiting.first().filter(|_| waits);
        let at = waiting.and_then(|waiting| {
            let own = replay.transcript.lines.iter().rev().filter(|line| line.who == waiting.who);
            iter::once(waiting).chain(own).map(|line| line.at).find(|at| at.of_driver().is_some())
        });
        let at = at.map(place);
        Finding {
            kind,
            at: at.or_else(|| line_in(&what)).unwrap_or_default(),
            what,
            tasks: tasks.iter().map(ToString::to_string).collect(),
            fault,
            made: replay.made.clone(),
            share: (survey.bad_executions, survey.executions),
        }
    }

    /// Keeps it, if no other is known of this kind and line.
    fn note(&mut self, finding: Finding) {
        let is_known = |known: &Finding| known.kind == finding.kind && known.at == finding.at;
        if !self.found.iter().any(is_known) {
            (self.tell)(&format!("found: {} {}", finding.kind.word(), finding.at));
            self.found.push(finding);
        }
    }
}

fn kind(replay: &Replay) -> Wrong {
    let end = &replay.end;
    match end.verdict {
        Verdict::Oops => Wrong::Death,
        Verdict::InvalidContext => Wrong::Context,
        verdict if verdict.is_stop() => {
            let is_lock = |of: &Of| match of {
                Of::Lock(lock) => lock.name.waiting != Waiting::Event,
                of => matches!(of, Of::Looks),
            };
            let waits_for_lock = replay.transcript.waiting.iter().any(|line| is_lock(&line.of));
            if waits_for_lock { Wrong::Standstill } else { Wrong::Sleep }
        }
        _ if end.use_after_free + end.out_of_bounds + end.double_free > 0 => Wrong::Memory,
        _ if replay.transcript.notes.iter().any(|note| note.starts_with("when it goes")) => Wrong::Left,
        _ if replay.transcript.notes.iter().any(|note| note.contains("may sleep")) => Wrong::Context,
        _ if end.leaked > 0 => Wrong::Leak,
        _ => Wrong::Other,
    }
}

/// The first line of C that a text names.
fn line_in(text: &str) -> Option<String> {
    let is_line = |word: &&str| {
        word.split_once(".c:").is_some_and(|(_, line)| line.starts_with(|c: char| c.is_ascii_digit()))
    };
    let word = text.split([' ', '(', ')', ',']).find(is_line)?;
    Some(word.trim_end_matches(['.', ':']).to_string())
}

/// What one task types that uses a device: the first most of all.
fn lines(device: &str, commands: &[String]) -> Vec<String> {
    let path = format!("/dev/{device}");
    let mut lines = Vec::from([
        format!("echo some words 1<> {path}"),
        format!("dd if={path} of=/dev/null bs=16 count=1"),
        format!(": > {path}"),
    ]);
    lines.extend(commands.iter().map(|command| format!("ioctl {path} {command} 1")));
    lines
}
